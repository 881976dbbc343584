/** The session cookie: read, set and forgotten. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isCrossSite } from './cross-site.ts';

/** Its name over HTTPS, and the unprefixed one for loopback HTTP. */
const SECURE_COOKIE = '__Host-warble';
const LOOPBACK_COOKIE = 'warble';

/**
 * The token in the session cookie. For each kind of connection only one name counts: a neighbouring host could set
 * the unprefixed cookie, and so sign a user in to another user's session.
 */
export function sessionTokenOf(request: FastifyRequest): string | undefined {
  const { cookie } = request.headers;
  if (cookie === undefined) return undefined;
  const wanted = request.site.secure ? SECURE_COOKIE : LOOPBACK_COOKIE;
  for (const part of cookie.split(';')) {
    const equals = part.indexOf('=');
    if (part.slice(0, equals).trim() === wanted) return part.slice(equals + 1).trim();
  }
  return undefined;
}

/**
 * Sets the session cookie: out of reach of scripts, sent by this site's pages and by links to it. `__Host-` binds it
 * to this very host and to HTTPS; only on loopback without TLS, where browsers refuse it, it is left out. `maxAge_s`:
 * the session's longest lifetime; the server may end an unused session earlier.
 */
export function setSessionCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  { token, maxAge_s }: { token: string; maxAge_s: number },
): void {
  const { secure } = request.site;
  const name = secure ? SECURE_COOKIE : LOOPBACK_COOKIE;
  reply.header(
    'set-cookie',
    `${name}=${token}; Path=/; Max-Age=${maxAge_s}; ${secure ? 'Secure; ' : ''}HttpOnly; SameSite=Lax`,
  );
}

/** Clears a session cookie that is no longer valid, unless another site's page sent the request. */
export function forgetCookies(request: FastifyRequest, reply: FastifyReply): void {
  if (isCrossSite(request)) return;
  reply.header('set-cookie', [
    `${SECURE_COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax`,
    `${LOOPBACK_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`,
  ]);
}
