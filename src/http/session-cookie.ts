import type { FastifyReply, FastifyRequest } from 'fastify';
import { LIMITS } from '#domain/limits.ts';
import { LOOPBACK_COOKIE, SECURE_COOKIE } from './authentication.ts';

/** The longest that a session lasts. Whether it has ended before, for want of use, the server decides. */
const MAX_AGE_S = LIMITS.sessionLife_ms / 1_000;

/**
 * Gives a browser its session: out of reach of scripts, sent by this site and by links to it. `__Host-` binds it
 * to this very host and to HTTPS; only on loopback without TLS, where browsers refuse that, it is left out.
 */
export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, token: string): void {
  const { secure } = request.site;
  const name = secure ? SECURE_COOKIE : LOOPBACK_COOKIE;
  reply.header(
    'set-cookie',
    `${name}=${token}; Path=/; Max-Age=${MAX_AGE_S}; ${secure ? 'Secure; ' : ''}HttpOnly; SameSite=Lax`,
  );
}
