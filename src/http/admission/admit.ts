/** The first step of a request: is there room for it, and can it be read at all? */
import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import { isWarbleError } from '#domain/errors.ts';
import { requireJsonType } from '../body.ts';
import { clientAddressOf, countedAddress } from '../limits/addresses.ts';
import type { Limits } from '../limits/limits.ts';
import { tooManyInVain } from '../limits/rate-limiter.ts';
import { requireHost } from '../malformed-requests.ts';
import type { RateLimitName } from '../route.ts';
import { setSecurityHeaders } from '../security-headers.ts';
import type { InFlight } from './in-flight.ts';
import type { PermitKind } from './permits.ts';
import type { RefusedInTurn } from './refused-in-turn.ts';

export interface AdmitDeps {
  inFlight: Pick<InFlight, 'enter'>;
  limits: Pick<Limits, 'take'>;
  inTurn: Pick<RefusedInTurn, 'isDropped'>;
  /** Checks whether the request came through a proxy that the settings do not name. */
  watchForProxy: (request: FastifyRequest) => void;
}

/**
 * Takes a permit. Throws `overloaded` or `rate_limited` where none is left, `invalid_request` without one Host, and
 * `unsupported_media_type` where a body must be called JSON and is not. Requests on a connection that is being ended
 * go no further.
 */
export function createAdmitStep({
  inFlight,
  limits,
  inTurn,
  watchForProxy,
}: AdmitDeps): onRequestHookHandler {
  return (request, reply, done) => {
    if (inTurn.isDropped(request)) return;
    const route = request.routeOptions.config.route;
    setSecurityHeaders(request, reply);
    request.clientAddress = clientAddressOf(request);
    request.address = countedAddress(request.clientAddress);
    watchForProxy(request);
    // A call without a body ignores any Content-Type.
    if (route === undefined || route.body === null) delete request.raw.headers['content-type'];
    try {
      inFlight.enter(request, reply, permitKindOf(route?.rateLimit));
      requireHost(request.raw);
      requireJsonType(request);
    } catch (error) {
      return done(isRefusal(error) ? (error as Error) : (tooManyInVain(limits, request) ?? (error as Error)));
    }
    // Too many requests wait on this connection, so it was cut: the rest of its input is dropped unread.
    if (request.raw.socket.destroyed) return;
    // Without a Content-Type the framework would refuse a QUERY before it is answered 404 or 405.
    if (route === undefined && request.method === 'QUERY') {
      request.raw.headers['content-type'] = 'application/octet-stream';
    }
    done();
  };
}

/** The kind of permit a request takes. Streams have a bound of their own; health checks and pages need no permit. */
function permitKindOf(limit: RateLimitName | undefined): PermitKind | null {
  if (limit === undefined || limit === 'stream') return null;
  return limit === 'media' ? 'pictures' : 'requests';
}

function isRefusal(error: unknown): boolean {
  return isWarbleError(error, 'rate_limited') || isWarbleError(error, 'overloaded');
}
