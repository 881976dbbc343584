/** Requests that are being answered: counted, bounded, measured, logged; and, at shutdown, waited for. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WarbleError } from '#contract/errors.ts';
import type { Clock } from '#platform/clock.ts';
import { createTally } from './tally.ts';

export interface InFlightDeps {
  clock: Clock;
  /** Requests at a time; event streams are not counted. */
  most: number;
  /** Of these, all that come from one address, whoever they are: twenty accounts in one house share them. */
  mostOfAddress: number;
  /** Requests of one connection that wait for their answers; whoever sends more on it loses the connection. */
  mostOfConnection: number;
  /** Called once for each request that is over, also where its client went away. `duration_ms` since its headers. */
  onDone(request: FastifyRequest, reply: FastifyReply, duration_ms: number): void;
}

export interface InFlight {
  /**
   * Enters a request. `counted`: it takes one of the places, until its answer has left; throws `overloaded` where none
   * is left, `rate_limited` where its address has all of its own. In the turn in which it came: answers, also of
   * refusals, may have to wait behind another of their connection for as long as its client likes, so nothing takes
   * a place that does not count for an address. Health and the like are never refused.
   */
  enter(request: FastifyRequest, reply: FastifyReply, counted: boolean): void;
  /**
   * Says whose a request is. Throws `rate_limited` where they have all their places already: whoever sends bodies or
   * takes answers as slowly as possible keeps a place for long, but never all.
   */
  attribute(request: FastifyRequest, holder: Holder): void;
  count(): number;
  /** Answers 503 to every request whose body has not come whole yet. Returns how many. */
  refuseUnfinishedBodies(): number;
}

/** Whose a request is, a person's (a number) or, without a token, an address's; and how many places they may hold. */
export interface Holder {
  who: number | string;
  most: number;
}

interface Open {
  reply: FastifyReply;
  /** From where it came, if it takes one of the places. */
  address: string | null;
  who: number | string | null;
}

export function createInFlight(deps: InFlightDeps): InFlight {
  const { clock, most, mostOfAddress, mostOfConnection, onDone } = deps;
  const open = new Map<FastifyRequest, Open>();
  const taken = createTally<number | string>();
  const takenFrom = createTally<string>();
  const waiting = new WeakMap<Socket, number>();
  let counted = 0;

  /**
   * Node reads 64 KiB at a time and makes requests of all of it, some 1,500, however many answers still wait: on
   * connections that take nothing that is memory without end.
   */
  function joinQueue({ socket }: IncomingMessage): void {
    const before = waiting.get(socket) ?? 0;
    waiting.set(socket, before + 1);
    if (before >= mostOfConnection) socket.destroy();
  }
  function leaveQueue({ socket }: IncomingMessage): void {
    waiting.set(socket, waiting.get(socket)! - 1);
  }

  function leave(request: FastifyRequest, entry: Open): void {
    open.delete(request);
    if (entry.who !== null) taken.free(entry.who);
    if (entry.address === null) return;
    counted--;
    takenFrom.free(entry.address);
  }

  /** Takes one of the places for an address. Throws where none is left. */
  function takeFrom(address: string): void {
    if (counted >= most) {
      throw new WarbleError('overloaded', 'Too many requests at once; try again in a moment.');
    }
    if (takenFrom.of(address) >= mostOfAddress) throw noneLeft(mostOfAddress, ' from one address');
    counted++;
    takenFrom.take(address);
  }

  return {
    enter(request, reply, takesPlace) {
      const began = clock.monotonic();
      const entry: Open = { reply, address: null, who: null };
      open.set(request, entry);
      joinQueue(request.raw);
      reply.raw.once('close', () => {
        leave(request, entry);
        leaveQueue(request.raw);
        onDone(request, reply, clock.monotonic() - began);
      });
      if (!takesPlace) return;
      takeFrom(request.address);
      entry.address = request.address;
    },
    attribute(request, { who, most }) {
      const entry = open.get(request);
      // Gone already, or without a place.
      if (entry === undefined || entry.address === null) return;
      if (taken.of(who) >= most) throw noneLeft(most);
      entry.who = who;
      taken.take(who);
    },
    count: () => counted,
    refuseUnfinishedBodies() {
      let refused = 0;
      for (const [request, { reply }] of open) {
        if (request.raw.complete || reply.sent) continue;
        refused++;
        reply.send(
          new WarbleError('unavailable', 'The server is stopping and cannot wait for the body; try again.'),
        );
      }
      return refused;
    },
  };
}

function noneLeft(most: number, where = ''): WarbleError {
  const detail = `At most ${most} requests at once${where}; wait for some answers.`;
  return new WarbleError('rate_limited', detail, { retryAfter_s: 1 });
}
