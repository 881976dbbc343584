/**
 * Finds the caller by the bearer token in the Authorization header or, without that header, by the session cookie. A
 * request with the cookie may write only if it comes from this very site.
 */
import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import { WarbleError } from '#domain/errors.ts';
import { isCrossSite, requireSameOrigin } from './cross-site.ts';
import type { Limits } from './limits/limits.ts';
import { tooManyInVain } from './limits/rate-limiter.ts';
import type { Caller, RouteAuth } from './route.ts';
import { sessionTokenOf } from './session-cookie.ts';

/**
 * Resolves with the session of a token sent from an address. Throws `unauthenticated` if the token is unknown,
 * expired or revoked.
 */
export type Authenticate = (token: string, address: string) => Promise<Caller>;

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]{1,512})$/i;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Finds the caller of each API call. Bad tokens count against the address that sends them. */
export function createAuthenticationStep(deps: {
  authenticate: Authenticate;
  limits: Pick<Limits, 'take' | 'tokens'>;
}): onRequestHookHandler {
  const { authenticate, limits } = deps;
  const verify: Authenticate = (token, address) =>
    limits.tokens.check({ token, address }, (shown) => authenticate(shown, address));
  return (request, _reply, done) => {
    const route = request.routeOptions.config.route;
    if (route === undefined) return done();
    callerOf(request, route.auth, verify).then(
      (caller) => {
        request.caller = caller;
        done();
      },
      (error: Error) => done(tooManyInVain(limits, request) ?? error),
    );
  };
}

/**
 * The caller of a request, or null. Throws `unauthenticated`, or `forbidden` if another site's page writes with the
 * cookie.
 */
export async function callerOf(request: FastifyRequest, auth: RouteAuth, authenticate: Authenticate) {
  const header = request.headers.authorization;
  if (header !== undefined) {
    const token = BEARER.exec(header)?.[1];
    if (token === undefined) {
      throw new WarbleError('unauthenticated', 'Send the token as "Authorization: Bearer <token>".');
    }
    return await authenticate(token, request.address);
  }
  if (auth !== 'none') {
    const token = sessionTokenOf(request);
    if (token !== undefined) {
      if (!SAFE_METHODS.has(request.method)) requireSameOrigin(request);
      if (!isCrossSite(request)) return await authenticate(token, request.address);
    }
  }
  if (auth === 'required') {
    throw new WarbleError('unauthenticated', 'Sign in, and send the token in the Authorization header.');
  }
  return null;
}
