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
   * Says whose a request is: a person (a number), or an address. Throws `rate_limited` where they have `most` places
   * already: whoever sends bodies or takes answers as slowly as possible keeps a place for long, but never all.
   */
  attribute(request: FastifyRequest, who: number | string, most: number): void;
  count(): number;
  /** Answers 503 to every request whose body has not come whole yet. Returns how many. */
  refuseUnfinishedBodies(): number;
}

interface Open {
  reply: FastifyReply;
  /** It takes one of the places. */
  counted: boolean;
  who: number | string | null;
}

export function createInFlight({ clock, most, onDone }: InFlightDeps): InFlight {
  const open = new Map<FastifyRequest, Open>();
  const places = new Map<number | string, number>();
  let counted = 0;

  function leave(request: FastifyRequest, entry: Open): void {
    open.delete(request);
    if (entry.counted) counted--;
    if (entry.who === null) return;
    const left = places.get(entry.who)! - 1;
    if (left === 0) places.delete(entry.who);
    else places.set(entry.who, left);
  }

  return {
    enter(request, reply, takesPlace) {
      const began = clock.monotonic();
      const admitted = !takesPlace || counted < most;
      const entry: Open = { reply, counted: admitted && takesPlace, who: null };
      if (entry.counted) counted++;
      open.set(request, entry);
      reply.raw.once('close', () => {
        leave(request, entry);
        onDone(request, reply, clock.monotonic() - began);
      });
      if (admitted) return;
      throw new WarbleError('overloaded', 'Too many requests at once; try again in a moment.');
    },
    attribute(request, who, mostOfOne) {
      const entry = open.get(request);
      // Gone already, or without a place.
      if (entry?.counted !== true) return;
      const taken = places.get(who) ?? 0;
      if (taken >= mostOfOne) {
        throw new WarbleError(
          'rate_limited',
          `At most ${mostOfOne} requests at once; wait for some answers.`,
          {
            retryAfter_s: 1,
          },
        );
      }
      entry.who = who;
      places.set(who, taken + 1);
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
