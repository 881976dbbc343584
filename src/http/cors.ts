/**
 * CORS: pages of any origin may use the API with a bearer token, and show pictures. Never with credentials: with the
 * wildcard, browsers withhold cookies, and withhold responses to requests that carried them.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Paths that other origins may read. */
const OPEN = /^\/(?:api\/|media\/|openapi\.json(?:$|\?))/;

/** Headers that browsers do not allow by themselves. A wildcard would not cover Authorization. */
const REQUEST_HEADERS = [
  'Authorization',
  'Cache-Control',
  'Content-Type',
  'Idempotency-Key',
  'If-None-Match',
  'Last-Event-ID',
  'X-Request-Id',
];
const RESPONSE_HEADERS = [
  'Allow',
  'ETag',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
];
/** Browsers cap this at 2 h (Chromium) to 24 h (Firefox). */
const PREFLIGHT_MAX_AGE_S = 86_400;

const ANY_ORIGIN = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': RESPONSE_HEADERS.join(', '),
  'cross-origin-resource-policy': 'cross-origin',
};

/** Lets pages of any origin read the response, where the path is of the API or a picture. */
export function allowAnyOrigin({ url }: FastifyRequest, reply: FastifyReply): void {
  if (OPEN.test(url)) reply.headers(ANY_ORIGIN);
}

/** Whether a request is a browser's preflight. */
export function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

/** Answers a preflight. `methods`: those that the path takes. */
export function allowMethods(request: FastifyRequest, reply: FastifyReply, methods: string[]): void {
  if (!OPEN.test(request.url) || !isPreflight(request)) return;
  reply.headers({
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': REQUEST_HEADERS.join(', '),
    'access-control-max-age': String(PREFLIGHT_MAX_AGE_S),
  });
}
