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
  count(): number;
  /** Answers 503 to every request whose body has not come whole yet. Returns how many. */
  refuseUnfinishedBodies(): number;
}

export function createInFlight({ clock, most, onDone }: InFlightDeps): InFlight {
  const open = new Map<FastifyRequest, FastifyReply>();
  let counted = 0;
  return {
    enter(request, reply, takesPlace) {
      const began = clock.monotonic();
      const admitted = !takesPlace || counted < most;
      if (admitted && takesPlace) counted++;
      open.set(request, reply);
      reply.raw.once('close', () => {
        open.delete(request);
        if (admitted && takesPlace) counted--;
        onDone(request, reply, clock.monotonic() - began);
      });
      if (admitted) return;
      throw new WarbleError('overloaded', 'Too many requests at once; try again in a moment.');
    },
    count: () => counted,
    refuseUnfinishedBodies() {
      let refused = 0;
      for (const [request, reply] of open) {
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
