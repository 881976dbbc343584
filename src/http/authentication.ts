/**
 * Who asks: the bearer token of the Authorization header, which decides when it is there, or else the session
 * cookie. What comes by cookie may change something only from this very site.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WarbleError } from '#domain/errors.ts';
import type { Caller, RouteAuth } from './route.ts';

/** The cookie where people come by HTTPS, and its unprefixed name on loopback HTTP. */
export const SECURE_COOKIE = '__Host-warble';
export const LOOPBACK_COOKIE = 'warble';

/** Resolves with the session of a token that an address shows; throws `unauthenticated` where it is none, has ended or was revoked. */
export type Authenticate = (token: string, address: string) => Promise<Caller>;

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]{1,512})$/i;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The caller of a request, or null. Throws `unauthenticated`, or `forbidden` for another site's write by cookie. */
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
    const token = sessionCookie(request);
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

/**
 * The token in the session cookie. Under each kind of connection one name counts: the unprefixed one could be set
 * by any neighbouring host, and so put somebody into another's session.
 */
function sessionCookie(request: FastifyRequest): string | undefined {
  const { cookie } = request.headers;
  if (cookie === undefined) return undefined;
  const wanted = request.site.secure ? SECURE_COOKIE : LOOPBACK_COOKIE;
  for (const part of cookie.split(';')) {
    const equals = part.indexOf('=');
    if (part.slice(0, equals).trim() === wanted) return part.slice(equals + 1).trim();
  }
  return undefined;
}

/** Makes a browser forget a cookie that is no longer good; says nothing to another site's page. */
export function forgetCookies(request: FastifyRequest, reply: FastifyReply): void {
  if (isCrossSite(request)) return;
  reply.header('set-cookie', [
    `${SECURE_COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax`,
    `${LOOPBACK_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`,
  ]);
}
