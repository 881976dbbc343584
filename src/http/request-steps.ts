/**
 * The way of a request: step by step, each in a file of its own. A step that throws a WarbleError is the last one;
 * problem-responses.ts answers it. Whatever becomes of it, a request that was admitted is counted and logged when it is
 * over (admission/in-flight.ts, request-log.ts).
 */
import type { FastifyInstance, RouteOptions } from 'fastify';
import type { Clock } from '#platform/clock.ts';
import { type AdmitDeps, createAdmitStep } from './admission/admit.ts';
import { type Authenticate, createAuthenticationStep } from './authentication.ts';
import { requireBody, requirePlainBody } from './body.ts';
import type { Limits } from './limits/limits.ts';
import { createRateLimitStep, type RateLimitDeps, requireRateLimit } from './limits/rate-limiter.ts';
import { createReadCallStep } from './read-call.ts';
import { createBatchStep } from './request-batching.ts';
import { createSerializeStep } from './responses.ts';
import type { Route } from './route.ts';

export interface RequestStepsDeps extends AdmitDeps, RateLimitDeps {
  authenticate: Authenticate;
  limits: Limits;
  inFlight: AdmitDeps['inFlight'] & RateLimitDeps['inFlight'];
}

/** What every request goes through, known to a route or not. Call before routes are added: each must have a limit. */
export function addRequestSteps(app: FastifyInstance, deps: RequestStepsDeps): void {
  app.addHook('onRoute', requireRateLimit);
  app.addHook('onRequest', createAdmitStep(deps)); //           a permit, or 429 or 503
  app.addHook('onRequest', createBatchStep(deps)); //           on together with what came in the same turn
  app.addHook('onRequest', createAuthenticationStep(deps)); //  who asks, or 401 or 403
  app.addHook('onRequest', createRateLimitStep(deps)); //       counted, or 429
}

/** What goes on with a request of one route. */
export function routeSteps(route: Route, app: FastifyInstance, clock: Clock) {
  const readCall = createReadCallStep(route, app.compileSchema);
  const serialize = createSerializeStep(route, clock);
  return {
    ...(route.body === null ? {} : { preParsing: requirePlainBody }), //          in UTF-8, or 415
    preValidation: requireBody(route), //                                         there, or 400 or 415
    ...(validatesBody(route) ? { schema: { body: route.body } } : {}), //         of its schema, or 400
    handler: async (request, reply) => {
      const call = readCall(request, reply); //                                   parameters of theirs, or 400
      const response = await route.handler(call); //                              what the route does
      return serialize(response, reply); //                                       JSON
    },
  } satisfies Partial<RouteOptions>;
}

function validatesBody({ body, consumes }: Route): boolean {
  return body !== null && consumes === 'json';
}
