import { isIPv4 } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LIMITS } from '#contract/limits.ts';
import { LOOPBACK_COOKIE, SECURE_COOKIE } from '../authentication.ts';

/**
 * Gives a browser its session: out of reach of scripts, sent by this site and by links to it. `__Host-` binds it
 * to this very host and to HTTPS; only on loopback without TLS, where browsers refuse that, it is left out.
 */
export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, token: string): void {
  const secure = !isLoopbackHttp(request);
  const name = secure ? SECURE_COOKIE : LOOPBACK_COOKIE;
  const maxAge_s = LIMITS.sessionIdle_ms / 1_000;
  reply.header(
    'set-cookie',
    `${name}=${token}; Path=/; Max-Age=${maxAge_s}; ${secure ? 'Secure; ' : ''}HttpOnly; SameSite=Lax`,
  );
}

function isLoopbackHttp({ protocol, hostname }: FastifyRequest): boolean {
  if (protocol === 'https') return false;
  const bare = hostname.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (isIPv4(bare) && bare.startsWith('127.'));
}
