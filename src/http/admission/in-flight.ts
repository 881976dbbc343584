/** Requests that are being answered: counted, bounded, measured, logged; and, at shutdown, waited for. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WarbleError } from '#domain/errors.ts';
import type { Clock } from '#platform/clock.ts';
import type { Connection, Connections } from '../connections/connections.ts';
import { createAddressTally } from '../limits/networks.ts';
import { createTally } from './counters.ts';
import { createPlaces, noneLeft, type Place, type PlaceKind, type Places } from './permits.ts';
import { createSlowest } from './slowest.ts';

export interface InFlightDeps {
  clock: Clock;
  connections: Pick<Connections, 'of'>;
  /** Places of each kind; event streams take none. */
  max: Readonly<Record<PlaceKind, number>>;
  /** Of these, all that come from one address, whoever they are: twenty accounts in one house share them. */
  maxPerAddress: Readonly<Record<PlaceKind, number>>;
  /** Requests of one connection that wait for their answers; whoever sends more on it loses the connection. */
  maxPerConnection: number;
  /** A holder that is at least so fast keeps its place when places run out, in bytes a second. */
  fastEnough: number;
  /** Called once for each request that is over, also where its client went away. `duration_ms` since its headers. */
  onDone(request: FastifyRequest, reply: FastifyReply, duration_ms: number): void;
  /** A slow client was cut, so that others have its places. */
  onMadeRoom(): void;
}

export interface InFlight {
  /**
   * Enters a request. `kind`: which place it takes, until its answer has left; null: none. Throws `overloaded` where
   * none is left, `rate_limited` where its address has all of its own. In the turn in which it came: answers, also of
   * refusals, may have to wait behind another of their connection for as long as its client likes, so nothing takes
   * a place that does not count for an address. Health and the like are never refused.
   */
  enter(request: FastifyRequest, reply: FastifyReply, kind: PlaceKind | null): void;
  /**
   * Says whose a request is. Throws `rate_limited` where they have all their places already: whoever sends bodies or
   * takes answers as slowly as possible keeps a place for long, but never all.
   */
  attribute(request: FastifyRequest, holder: Holder): void;
  count(kind?: PlaceKind): number;
  /** Answers 503 to every request whose body has not come whole yet. Returns how many. */
  refuseUnfinishedBodies(): number;
}

/** Whose a request is, a person's (a number) or, without a token, an address's; and whether they have places left. */
export interface Holder {
  who: number | string;
  max: number;
}

interface Open {
  reply: FastifyReply;
  connection: Connection;
  kind: PlaceKind | null;
  place: Place | null;
  who: number | string | null;
}

const UNFINISHED = 'The server is stopping and cannot wait for the body; try again.';
const FULL = 'Too many requests at once; try again in a moment.';

export function createInFlight(deps: InFlightDeps): InFlight {
  const { clock, connections, maxPerConnection, onDone } = deps;
  const open = new Map<FastifyRequest, Open>();
  const places = { requests: placesOf('requests', deps), pictures: placesOf('pictures', deps) };
  const slowest = createSlowest({ clock, open, fastEnough: deps.fastEnough });
  const ofPerson = createTally<number>();
  const withoutToken = createAddressTally();

  /**
   * Node reads 64 KiB at a time and makes requests of all of it, some 1,500, however many answers still wait: on
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
    entry.place?.free();
    entry.place = null;
    const { who } = entry;
    entry.who = null;
    if (typeof who === 'number') ofPerson.free(who);
    else if (who !== null) withoutToken.free(who);
  }

  /** Takes a place, if need be that of the slowest holder. Throws where none can be had. */
  function takePlace(kind: PlaceKind, { address, headers }: FastifyRequest): Place {
    const claimsSession = headers.authorization !== undefined || headers.cookie !== undefined;
    const wanted = { address, claimsSession };
    let place = places[kind].take(wanted);
    if (place !== null) return place;
    const evicted = slowest.next(kind, { alsoSignedIn: claimsSession });
    if (evicted !== undefined) {
      evicted.socket.resetAndDestroy();
      deps.onMadeRoom();
      // Their answers end in a later turn; the places are needed in this one.
      for (const entry of open.values()) if (entry.connection === evicted) leave(entry);
      place = places[kind].take(wanted);
    }
    if (place === null) throw new WarbleError('overloaded', FULL);
    return place;
  }

  return {
    enter(request, reply, kind) {
      const began = clock.monotonic();
      const connection = connections.of(request.raw.socket);
      const entry: Open = { reply, connection, kind, place: null, who: null };
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
      if (kind !== null) entry.place = takePlace(kind, request);
    },
    attribute(request, { who, max }) {
      const entry = open.get(request);
      // Gone already, or without a place that counts for somebody.
      if (entry === undefined || entry.place === null || entry.kind !== 'requests') return;
      if (typeof who === 'number') {
        if (ofPerson.of(who) >= max) throw noneLeft(max);
        ofPerson.take(who);
        entry.place.signedIn();
      } else {
        if (!withoutToken.hasRoom(who, max)) throw noneLeft(max);
        withoutToken.take(who);
      }
      entry.who = who;
    },
    count: (kind) =>
      kind === undefined ? places.requests.taken() + places.pictures.taken() : places[kind].taken(),
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

/** A quarter of the places for requests stays for people who are signed in; who asks for pictures is not known. */
function placesOf(kind: PlaceKind, { max, maxPerAddress }: InFlightDeps): Places {
  return createPlaces({
    max: max[kind],
    maxPerAddress: maxPerAddress[kind],
    keptForSignedIn: kind === 'requests' ? Math.floor(max[kind] / 4) : 0,
  });
}
