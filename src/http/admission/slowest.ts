import type { Clock } from '#platform/clock.ts';
import type { Connection } from '../connections/connections.ts';
import { speedOf, waitsOnClient } from '../connections/slow-clients.ts';
import type { PermitKind } from './permits.ts';

/** A request that may hold a permit. */
export interface Holding {
  connection: Connection;
  kind: PermitKind | null;
  permit: object | null;
  /** A number: a signed-in user. */
  who: number | string | null;
}

export interface SlowestDeps {
  clock: Clock;
  /** All requests under way. */
  open: ReadonlyMap<unknown, Holding>;
  /** Bytes a second. Holders at least this fast are left alone. */
  fastEnough: number;
}

export interface Slowest {
  /**
   * The slowest connection, to send or to read, among those that hold permits of this kind and that the server waits
   * for; undefined: there is none. Each is returned once while the order holds.
   */
  next(kind: PermitKind, which: { alsoSignedIn: boolean }): Connection | undefined;
}

/** An order is used for this long, since making one looks at every request. */
const HOLDS_MS = 100;

interface Candidate {
  connection: Connection;
  speed: number;
}
/** The slowest is last. */
interface Order {
  made_ms: number;
  signedIn: Candidate[];
  others: Candidate[];
}

export function createSlowest({ clock, open, fastEnough }: SlowestDeps): Slowest {
  const orders = { requests: emptyOrder(), pictures: emptyOrder() };

  function orderOf(kind: PermitKind): Order {
    const order = orders[kind];
    const now = clock.monotonic();
    if (now - order.made_ms < HOLDS_MS) return order;
    const signedIn = new Set<Connection>();
    const holders = new Set<Connection>();
    for (const { connection, kind: held, permit, who } of open.values()) {
      if (held !== kind || permit === null) continue;
      holders.add(connection);
      if (typeof who === 'number') signedIn.add(connection);
    }
    const slow = [...holders]
      .map((connection) => ({ connection, speed: speedOf(connection) ?? fastEnough }))
      .filter(({ speed }) => speed < fastEnough)
      .sort((a, b) => b.speed - a.speed);
    orders[kind] = {
      made_ms: now,
      signedIn: slow.filter(({ connection }) => signedIn.has(connection)),
      others: slow.filter(({ connection }) => !signedIn.has(connection)),
    };
    return orders[kind];
  }

  return {
    next(kind, { alsoSignedIn }) {
      const order = orderOf(kind);
      const other = last(order.others)?.speed ?? Number.POSITIVE_INFINITY;
      const signedIn = alsoSignedIn ? last(order.signedIn)?.speed : undefined;
      const from = signedIn !== undefined && signedIn < other ? order.signedIn : order.others;
      return from.pop()?.connection;
    },
  };
}

/** The slowest that still waits on its client. Those that do not are dropped. */
function last(candidates: Candidate[]): Candidate | undefined {
  while (candidates.length > 0 && !waitsOnClient(candidates.at(-1)!.connection)) candidates.pop();
  return candidates.at(-1);
}

function emptyOrder(): Order {
  return { made_ms: Number.NEGATIVE_INFINITY, signedIn: [], others: [] };
}
