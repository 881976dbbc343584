import type { FastifyInstance } from 'fastify';
import type { Clock } from '#platform/clock.ts';
import { routeSteps } from './request-steps.ts';
import type { Route } from './route.ts';

export const API_PREFIX = '/api/v1';

export interface RegistrationDeps {
  app: FastifyInstance;
  clock: Clock;
}

/** Adds routes to the app. */
export function registerRoutes({ app, clock }: RegistrationDeps, routes: readonly Route[]): void {
  for (const route of routes) {
    app.route({
      method: [...route.methods],
      url: fastifyPath(route),
      config: { route },
      bodyLimit: route.bodyLimit_bytes,
      exposeHeadRoute: route.produces !== 'text/event-stream',
      ...routeSteps(route, app, clock),
    });
  }
}

/** `/{userId}/profile` in the router's syntax, below the API's prefix. */
export function fastifyPath({ path, root }: Route): string {
  return (root ? '' : API_PREFIX) + path.replaceAll(/\{(\w+)\}/g, ':$1');
}
