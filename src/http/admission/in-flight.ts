/** Requests being answered: they are counted, bounded, timed and logged, and waited for at shutdown. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WarbleError } from '#domain/errors.ts';
import type { Clock } from '#platform/clock.ts';
import type { Connection, Connections } from '../connections/connections.ts';
import { createAddressCounters } from '../limits/networks.ts';
import { createCounters } from './counters.ts';
import { createPermits, noPermitLeft, type Permit, type PermitKind, type Permits } from './permits.ts';
import { createSlowest } from './slowest.ts';

export interface InFlightDeps {
  clock: Clock;
  connections: Pick<Connections, 'of'>;
  /** Permits of each kind; event streams take none. */
  max: Readonly<Record<PermitKind, number>>;
  /** The share of one address, whichever users send from it: twenty accounts in one house share it. */
  maxPerAddress: Readonly<Record<PermitKind, number>>;
  /** Requests of one connection that wait for their responses. A client that sends more loses the connection. */
  maxPerConnection: number;
  /** Bytes a second. A client at least this fast keeps its permit when permits run out. */
  fastEnough: number;
  /** Called once when a request is over, even if its client went away. `duration_ms` counts from its headers. */
  onDone(request: FastifyRequest, reply: FastifyReply, duration_ms: number): void;
  /** A slow client was cut, to give its permits to others. */
  onMadeRoom(): void;
}

export interface InFlight {
  /**
   * Registers a request in the turn in which it arrives. `kind` is the permit it holds until its response has left;
   * null: none, and it is never refused. Throws `overloaded` if no permit is left, `rate_limited` if its address
   * holds its whole share. A response, even a refusal, may wait behind another one on its connection for as long as
   * the client likes, so every permit counts for an address.
   */
  enter(request: FastifyRequest, reply: FastifyReply, kind: PermitKind | null): void;
  /**
   * Notes who sent a request. Throws `rate_limited` if that user or address holds all its permits: a client that
   * sends or reads as slowly as possible keeps its permits for long, but can never hold all of them.
   */
  attribute(request: FastifyRequest, holder: Holder): void;
  /** Gives back the permit of a request that only waits for its response to leave. */
  release(request: FastifyRequest): void;
  /** Which request of its connection it is, from 1 on; Infinity: it was not registered. */
  orderOf(request: FastifyRequest): number;
  count(kind?: PermitKind): number;
  /** Answers 503 to every request whose body is still incomplete. Returns how many there were. */
  refuseUnfinishedBodies(): number;
}

/** Who sent a request, a user (a number) or, without a token, an address; and how many permits they may hold. */
export interface Holder {
  who: number | string;
  max: number;
}

interface Open {
  reply: FastifyReply;
  connection: Connection;
  order: number;
  kind: PermitKind | null;
  permit: Permit | null;
  who: number | string | null;
}

const UNFINISHED = 'The server is stopping and cannot wait for the body; try again.';
const FULL = 'Too many requests at once; try again in a moment.';

export function createInFlight(deps: InFlightDeps): InFlight {
  const { clock, connections, maxPerConnection, onDone } = deps;
  const open = new Map<FastifyRequest, Open>();
  const permits = { requests: permitsOf('requests', deps), pictures: permitsOf('pictures', deps) };
  const slowest = createSlowest({ clock, open, fastEnough: deps.fastEnough });
  const ofUser = createCounters<number>();
  const withoutToken = createAddressCounters();

  /**
   * Node reads 64 KiB at a time and parses all of it, some 1,500 requests, however many responses still wait. On
   * connections that read nothing, memory would grow without bound.
   */
  function joinQueue(connection: Connection): void {
    if (connection.waiting++ >= maxPerConnection) connection.socket.destroy();
  }
  function leaveQueue(connection: Connection, now: number): void {
    connection.waiting--;
    if (connection.waiting === 0) connection.idleSince = now;
  }

  function leave(entry: Open): void {
    entry.permit?.release();
    entry.permit = null;
    const { who } = entry;
    entry.who = null;
    if (typeof who === 'number') ofUser.free(who);
    else if (who !== null) withoutToken.free(who);
  }

  /** Takes a permit, if need be from the slowest holder. Throws if none can be had. */
  function takePermit(kind: PermitKind, { address, headers }: FastifyRequest): Permit {
    const claimsSession = headers.authorization !== undefined || headers.cookie !== undefined;
    const wanted = { address, claimsSession };
    let permit = permits[kind].acquire(wanted);
    if (permit !== null) return permit;
    const evicted = slowest.next(kind, { alsoSignedIn: claimsSession });
    if (evicted !== undefined) {
      evicted.socket.resetAndDestroy();
      deps.onMadeRoom();
      // Their responses end in a later turn, and the permits are needed in this one.
      for (const entry of open.values()) if (entry.connection === evicted) leave(entry);
      permit = permits[kind].acquire(wanted);
    }
    if (permit === null) throw new WarbleError('overloaded', FULL);
    return permit;
  }

  return {
    enter(request, reply, kind) {
      const began = clock.monotonic();
      const connection = connections.of(request.raw.socket);
      const entry: Open = { reply, connection, order: ++connection.entered, kind, permit: null, who: null };
      open.set(request, entry);
      connection.request = request.raw;
      joinQueue(connection);
      reply.raw.once('close', () => {
        const now = clock.monotonic();
        open.delete(request);
        leave(entry);
        leaveQueue(connection, now);
        onDone(request, reply, now - began);
      });
      if (kind !== null) entry.permit = takePermit(kind, request);
    },
    attribute(request, { who, max }) {
      const entry = open.get(request);
      // The request is gone, or holds no permit that counts for a user or address.
      if (entry === undefined || entry.permit === null || entry.kind !== 'requests') return;
      if (typeof who === 'number') {
        if (ofUser.of(who) >= max) throw noPermitLeft(max);
        ofUser.take(who);
        entry.permit.signedIn();
      } else {
        if (!withoutToken.hasRoom(who, max)) throw noPermitLeft(max);
        withoutToken.take(who);
      }
      entry.who = who;
    },
    release(request) {
      const entry = open.get(request);
      if (entry !== undefined) leave(entry);
    },
    orderOf: (request) => open.get(request)?.order ?? Number.POSITIVE_INFINITY,
    count: (kind) =>
      kind === undefined ? permits.requests.held() + permits.pictures.held() : permits[kind].held(),
    refuseUnfinishedBodies() {
      let refused = 0;
      for (const [request, { reply }] of open) {
        if (request.raw.complete || reply.sent) continue;
        refused++;
        reply.send(new WarbleError('unavailable', UNFINISHED));
      }
      return refused;
    },
  };
}

/**
 * A quarter of the permits for requests is reserved for signed-in users. Picture requests do not say who sent them.
 */
function permitsOf(kind: PermitKind, { max, maxPerAddress }: InFlightDeps): Permits {
  return createPermits({
    max: max[kind],
    maxPerAddress: maxPerAddress[kind],
    reservedForSignedIn: kind === 'requests' ? Math.floor(max[kind] / 4) : 0,
  });
}
