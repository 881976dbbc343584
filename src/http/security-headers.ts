import type { FastifyReply, FastifyRequest } from 'fastify';
import { allowAnyOrigin } from './cors.ts';

/** Makes browsers treat responses as data only. Pages and pictures set their own policy. */
export function setSecurityHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({
    'x-request-id': request.id,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
  });
  allowAnyOrigin(request, reply);
}
