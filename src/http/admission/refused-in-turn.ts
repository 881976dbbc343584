/** Paces responses of 429; see ../limits/refusal-pacing.ts. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '#platform/clock.ts';
import type { Connections } from '../connections/connections.ts';
import { createRefusalPacing } from '../limits/refusal-pacing.ts';
import type { InFlight } from './in-flight.ts';

export interface RefusedInTurnDeps {
  clock: Clock;
  connections: Pick<Connections, 'of'>;
  inFlight: Pick<InFlight, 'release' | 'orderOf'>;
}

export interface RefusedInTurn {
  /**
   * Runs `sendProblem`, which refuses a request, when the request's turn has come, unless its client is gone by then.
   * A request that waits holds no permit. If too many wait already, `sendProblem` runs at once and the connection
   * ends.
   */
  refuse(request: FastifyRequest, reply: FastifyReply, sendProblem: () => void): void;
  /** Whether a request came behind a refusal that ends its connection. It is not answered. */
  isDropped(request: FastifyRequest): boolean;
}

/** How many addresses have their refusals counted. */
const KEYS = 10_000;

export function createRefusedInTurn({ clock, connections, inFlight }: RefusedInTurnDeps): RefusedInTurn {
  const pacing = createRefusalPacing({ clock, keys: KEYS });
  return {
    refuse(request, reply, sendProblem) {
      const turn = pacing.turnOf(request.address);
      if (turn === 'now') return sendProblem();
      if (turn === 'hang up') {
        const connection = connections.of(request.raw.socket);
        // Those before it still have to be answered, or its own response could never leave.
        connection.endsWith = Math.min(connection.endsWith, inFlight.orderOf(request), connection.entered);
        reply.header('connection', 'close');
        return sendProblem();
      }
      inFlight.release(request);
      turn.then(() => {
        if (!reply.raw.destroyed) sendProblem();
      });
    },
    isDropped(request) {
      const { endsWith } = connections.of(request.raw.socket);
      return endsWith < Number.POSITIVE_INFINITY && inFlight.orderOf(request) > endsWith;
    },
  };
}
