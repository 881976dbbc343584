/** The first step of a request: whether there is room for it, and whether it can be read at all. */
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
  /** Looks whether the request came through a proxy that the settings do not name. */
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
    // A call without a body ignores whatever Content-Type came.
    if (route === undefined || route.body === null) delete request.raw.headers['content-type'];
    try {
      inFlight.enter(request, reply, permitKindOf(route?.rateLimit));
      requireHost(request.raw);
      requireJsonType(request);
    } catch (error) {
      return done(isRefusal(error) ? (error as Error) : (tooManyInVain(limits, request) ?? (error as Error)));
    }
    // Cut off, as too many wait on it: what came with this is dropped unread.
    if (request.raw.socket.destroyed) return;
    // The framework would refuse a QUERY without a Content-Type before anybody says that no call takes it.
    if (route === undefined && request.method === 'QUERY') {
      request.raw.headers['content-type'] = 'application/octet-stream';
    }
    done();
  };
}

/** Which kind of permit a request takes. Streams have a bound of their own; health and pages are never refused for want of one. */
function permitKindOf(limit: RateLimitName | undefined): PermitKind | null {
  if (limit === undefined || limit === 'stream') return null;
  return limit === 'media' ? 'pictures' : 'requests';
}

function isRefusal(error: unknown): boolean {
  return isWarbleError(error, 'rate_limited') || isWarbleError(error, 'overloaded');
}
