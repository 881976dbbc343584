/** Which site a browser sends a request for, and what such a request may do. */
import type { FastifyRequest } from 'fastify';
import { WarbleError } from '#domain/errors.ts';

/**
 * Refuses a request that a browser sent for another site: it needs `Sec-Fetch-Site: same-origin` or an Origin that is
 * this host. Signing in with a cookie needs this too. Throws `forbidden`.
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

/** Whether the Origin is this very site, scheme and port included: a page sent without TLS is another site. */
function isThisSite(request: FastifyRequest): boolean {
  const { origin } = request.headers;
  const { origin: site } = request.site;
  if (origin === undefined || !URL.canParse(origin) || !URL.canParse(site)) return false;
  return new URL(origin).origin === new URL(site).origin;
}

/**
 * Whether a browser marks a request as another site's: by `Sec-Fetch-Site` or, in older browsers, by an Origin other
 * than this site's. Such a request never reads or sets a cookie.
 */
export function isCrossSite(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return request.headers.origin !== undefined && !isThisSite(request);
}

/** A host name has at most 253 characters, so a longer Origin is made up. */
const MAX_ORIGIN_CHARACTERS = 270;

/** The Origin of the page that sent a request, if a browser marks it as another site's and the Origin is known. */
export function crossSiteOf(request: FastifyRequest): string | null {
  if (!isCrossSite(request)) return null;
  const { origin = 'null' } = request.headers;
  return origin.length > MAX_ORIGIN_CHARACTERS ? 'null' : origin.toLowerCase();
}
