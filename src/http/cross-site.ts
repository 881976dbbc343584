/** Which site a browser sends a request for, and what it may do then. */
import type { FastifyRequest } from 'fastify';
import { WarbleError } from '#domain/errors.ts';

/**
 * Refuses a request that a browser sent for another site: it needs `Sec-Fetch-Site: same-origin` or an Origin
 * that is this host. Also for signing in with a cookie. Throws `forbidden`.
 */
export function requireSameOrigin(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) {
    if (site === 'same-origin') return;
  } else if (isThisSite(request)) return;
  throw new WarbleError(
    'forbidden',
    'A session cookie can change things only from this site; from elsewhere, send a token.',
  );
}

/** Whether the Origin is this very site: scheme and port too, so that a page sent without TLS is another site. */
function isThisSite(request: FastifyRequest): boolean {
  const { origin } = request.headers;
  const { origin: site } = request.site;
  if (origin === undefined || !URL.canParse(origin) || !URL.canParse(site)) return false;
  return new URL(origin).origin === new URL(site).origin;
}

/**
 * Whether a browser marks a request as another site's: by `Sec-Fetch-Site`, or an older one by an Origin that is not
 * this site's. Such a request never reads or sets a cookie.
 */
export function isCrossSite(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return request.headers.origin !== undefined && !isThisSite(request);
}

/** An Origin that is longer has been made up: a host name has at most 253 characters. */
const MAX_ORIGIN_CHARACTERS = 270;

/** Whose page sent a request, where a browser marks it as another site's: its Origin, as far as it is known. */
export function crossSiteOf(request: FastifyRequest): string | null {
  if (!isCrossSite(request)) return null;
  const { origin = 'null' } = request.headers;
  return origin.length > MAX_ORIGIN_CHARACTERS ? 'null' : origin.toLowerCase();
}
