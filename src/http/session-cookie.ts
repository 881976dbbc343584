/** The session cookie: read, set and forgotten. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isCrossSite } from './cross-site.ts';

/** Its name where users come by HTTPS, and the unprefixed one on loopback HTTP. */
const SECURE_COOKIE = '__Host-warble';
const LOOPBACK_COOKIE = 'warble';

/**
 * The token in the session cookie. Under each kind of connection one name counts: the unprefixed one could be set
 * by any neighbouring host, and so put somebody into another's session.
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
 * Gives a browser its session: out of reach of scripts, sent by this site and by links to it. `__Host-` binds it
 * to this very host and to HTTPS; only on loopback without TLS, where browsers refuse that, it is left out. `maxAge_s`:
 * the longest that the session lasts; whether it has ended before, for want of use, the server decides.
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

/** Makes a browser forget a cookie that is no longer good; says nothing to another site's page. */
export function forgetCookies(request: FastifyRequest, reply: FastifyReply): void {
  if (isCrossSite(request)) return;
  reply.header('set-cookie', [
    `${SECURE_COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax`,
    `${LOOPBACK_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`,
  ]);
}
