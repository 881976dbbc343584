/** Error responses: problem documents and the headers that belong to them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { WarbleError } from '#domain/errors.ts';
import type { Refusals } from './admission/refusals.ts';
import type { RefusedInTurn } from './admission/refused-in-turn.ts';
import { asWarbleError, PROBLEM_TYPE, problemOf } from './problem.ts';
import type { RequestLog } from './request-log.ts';
import { forgetCookies } from './session-cookie.ts';

export interface ProblemResponsesDeps {
  logger: RequestLog | undefined;
  refusals: Pick<Refusals, 'request'>;
  inTurn: RefusedInTurn;
  draining: () => boolean;
}

/** Answers errors that any step of a request throws. Responses of 429 are paced, see admission/refused-in-turn.ts. */
export function registerProblemResponses(app: FastifyInstance, deps: ProblemResponsesDeps): void {
  const { logger, refusals, inTurn, draining } = deps;
  app.setErrorHandler((thrown, request, reply) => {
    if (inTurn.isDropped(request)) return;
    const { error, expected } = asWarbleError(thrown);
    request.errorLog = error.log ?? null;
    if (!expected) logger?.error({ err: thrown, requestId: request.id }, 'unexpected error');
    if (error.status === 429 || error.status === 503) {
      refusals.request(error.code, error.message);
      request.refused = error.code === 'rate_limited' || error.code === 'overloaded';
    }
    const respond = () => sendProblem(error, request, reply);
    if (error.code === 'rate_limited' && !draining()) inTurn.refuse(request, reply, respond);
    else respond();
  });
}

/** Answers with an error. */
export function sendProblem(error: WarbleError, request: FastifyRequest, reply: FastifyReply): void {
  if (error.retryAfter_s !== undefined) reply.header('retry-after', String(Math.ceil(error.retryAfter_s)));
  if (error.code === 'unauthenticated') {
    reply.header('www-authenticate', 'Bearer realm="warble"');
    if (request.headers.authorization === undefined && request.headers.cookie !== undefined)
      forgetCookies(request, reply);
  }
  reply
    .code(error.status)
    .header('content-type', PROBLEM_TYPE)
    .send(JSON.stringify(problemOf(error)));
}
