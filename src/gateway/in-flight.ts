/** Requests that are being answered: counted, bounded, measured, logged; and, at shutdown, waited for. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WarbleError } from '#contract/errors.ts';
import type { Clock } from '#platform/clock.ts';

export interface InFlightDeps {
  clock: Clock;
  /** Requests at a time; event streams are not counted. */
  most: number;
  /** Called once for each request that is over, also where its client went away. `duration_ms` since its headers. */
  onDone(request: FastifyRequest, reply: FastifyReply, duration_ms: number): void;
}

export interface InFlight {
  /**
   * Enters a request. `counted`: it takes one of the places; throws `overloaded` where none is left. Health and
   * the like are never refused.
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

/**
 * Whose a request is, and how many places each may hold. It takes one of `who`'s, a person's (a number) or, without a
 * token, an address's; and, whoever it was, one of all that come from `address`: or twenty accounts in one house
 * would have every place of the server.
 */
export interface Holder {
  who: number | string;
  most: number;
  address: string;
  mostOfAddress: number;
}

interface Open {
  reply: FastifyReply;
  /** It takes one of the places. */
  counted: boolean;
  holder: Holder | null;
}

export function createInFlight({ clock, most, onDone }: InFlightDeps): InFlight {
  const open = new Map<FastifyRequest, Open>();
  const taken = new Map<number | string, number>();
  const takenFrom = new Map<string, number>();
  let counted = 0;

  function leave(request: FastifyRequest, entry: Open): void {
    open.delete(request);
    if (entry.counted) counted--;
    if (entry.holder === null) return;
    free(taken, entry.holder.who);
    free(takenFrom, entry.holder.address);
  }

  return {
    enter(request, reply, takesPlace) {
      const began = clock.monotonic();
      const admitted = !takesPlace || counted < most;
      const entry: Open = { reply, counted: admitted && takesPlace, holder: null };
      if (entry.counted) counted++;
      open.set(request, entry);
      reply.raw.once('close', () => {
        leave(request, entry);
        onDone(request, reply, clock.monotonic() - began);
      });
      if (admitted) return;
      throw new WarbleError('overloaded', 'Too many requests at once; try again in a moment.');
    },
    attribute(request, holder) {
      const entry = open.get(request);
      // Gone already, or without a place.
      if (entry?.counted !== true) return;
      const { who, most, address, mostOfAddress } = holder;
      const ofOne = taken.get(who) ?? 0;
      if (ofOne >= most) throw noneLeft(most);
      const ofAddress = takenFrom.get(address) ?? 0;
      if (ofAddress >= mostOfAddress) throw noneLeft(mostOfAddress, ' from one address');
      entry.holder = holder;
      taken.set(who, ofOne + 1);
      takenFrom.set(address, ofAddress + 1);
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

function free<Key>(taken: Map<Key, number>, key: Key): void {
  const left = taken.get(key)! - 1;
  if (left === 0) taken.delete(key);
  else taken.set(key, left);
}

function noneLeft(most: number, where = ''): WarbleError {
  const detail = `At most ${most} requests at once${where}; wait for some answers.`;
  return new WarbleError('rate_limited', detail, { retryAfter_s: 1 });
}
