/** Requests that are being answered: counted, bounded, measured, logged; and, at shutdown, waited for. */
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
  /** Of these, all that come from one address, whoever they are: twenty accounts in one house share them. */
  maxPerAddress: Readonly<Record<PermitKind, number>>;
  /** Requests of one connection that wait for their responses; whoever sends more on it loses the connection. */
  maxPerConnection: number;
  /** A holder that is at least so fast keeps its permit when permits run out, in bytes a second. */
  fastEnough: number;
  /** Called once for each request that is over, also where its client went away. `duration_ms` since its headers. */
  onDone(request: FastifyRequest, reply: FastifyReply, duration_ms: number): void;
  /** A slow client was cut, so that others have its permits. */
  onMadeRoom(): void;
}

export interface InFlight {
  /**
   * Enters a request. `kind`: which permit it takes, until its response has left; null: none. Throws `overloaded` where
   * none is left, `rate_limited` where its address has all of its own. In the turn in which it came: answers, also of
   * refusals, may have to wait behind another of their connection for as long as its client likes, so nothing takes
   * a permit that does not count for an address. Health and the like are never refused.
   */
  enter(request: FastifyRequest, reply: FastifyReply, kind: PermitKind | null): void;
  /**
   * Says whose a request is. Throws `rate_limited` where they have all their permits already: whoever sends bodies or
   * takes responses as slowly as possible keeps a permit for long, but never all.
   */
  attribute(request: FastifyRequest, holder: Holder): void;
  /** Gives back the permit of a request that has nothing more to do than to wait for its response. */
  release(request: FastifyRequest): void;
  count(kind?: PermitKind): number;
  /** Answers 503 to every request whose body has not come whole yet. Returns how many. */
  refuseUnfinishedBodies(): number;
}

/** Whose a request is, a user's (a number) or, without a token, an address's; and whether they have permits left. */
export interface Holder {
  who: number | string;
  max: number;
}

interface Open {
  reply: FastifyReply;
  connection: Connection;
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
   * Node reads 64 KiB at a time and makes requests of all of it, some 1,500, however many responses still wait: on
   * connections that take nothing that is memory without end.
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

  /** Takes a permit, if need be that of the slowest holder. Throws where none can be had. */
  function takePermit(kind: PermitKind, { address, headers }: FastifyRequest): Permit {
    const claimsSession = headers.authorization !== undefined || headers.cookie !== undefined;
    const wanted = { address, claimsSession };
    let permit = permits[kind].acquire(wanted);
    if (permit !== null) return permit;
    const evicted = slowest.next(kind, { alsoSignedIn: claimsSession });
    if (evicted !== undefined) {
      evicted.socket.resetAndDestroy();
      deps.onMadeRoom();
      // Their answers end in a later turn; the permits are needed in this one.
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
      const entry: Open = { reply, connection, kind, permit: null, who: null };
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
      // Gone already, or without a permit that counts for somebody.
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

/** A quarter of the permits for requests stays for users who are signed in; who asks for pictures is not known. */
function permitsOf(kind: PermitKind, { max, maxPerAddress }: InFlightDeps): Permits {
  return createPermits({
    max: max[kind],
    maxPerAddress: maxPerAddress[kind],
    reservedForSignedIn: kind === 'requests' ? Math.floor(max[kind] / 4) : 0,
  });
}
