/** Prometheus metrics of the gateway, in a registry to which the rest of the process adds its own. */
import { timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type ErrorCode, WarbleError } from '#contract/errors.ts';

export interface GatewayMetrics {
  /** Others register theirs here too. */
  registry: Registry;
  /** One answer. `route`: its pattern, never a path; `duration_s` from headers read to answer flushed. */
  answered(request: { route: string; method: string; status: number; duration_s: number }): void;
  /** A request that was refused to protect the rest, with 429 or 503. */
  shed(code: ErrorCode): void;
}

const BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** `inFlight` is asked when the metrics are read. */
export function createGatewayMetrics({ inFlight }: { inFlight: () => number }): GatewayMetrics {
  const registry = new Registry();
  const registers = [registry];
  const durations = new Histogram({
    name: 'warble_http_request_duration_seconds',
    help: 'Answers by route, method and status, with the time from the headers to the end of the answer.',
    labelNames: ['route', 'method', 'status'] as const,
    buckets: BUCKETS_S,
    registers,
  });
  const shed = new Counter({
    name: 'warble_http_shed_total',
    help: 'Requests refused with 429 or 503, by code.',
    labelNames: ['code'] as const,
    registers,
  });
  new Gauge({
    name: 'warble_http_requests_in_flight',
    help: 'Requests being answered, without event streams.',
    registers,
    collect() {
      this.set(inFlight());
    },
  });
  return {
    registry,
    answered: ({ duration_s, ...labels }) => durations.observe(labels, duration_s),
    shed: (code) => shed.inc({ code }),
  };
}

/** GET /metrics: for peers on this machine, or for the bearer of the token. */
export function registerMetricsPage(
  app: FastifyInstance,
  { registry, token }: { registry: Registry; token: string | null },
): void {
  app.get('/metrics', async (request, reply) => {
    if (!mayRead(request, token)) {
      throw new WarbleError(
        'unauthenticated',
        'Metrics are for this machine, or the bearer of the metrics token.',
      );
    }
    reply.type(registry.contentType);
    return await registry.metrics();
  });
}

function mayRead(request: FastifyRequest, token: string | null): boolean {
  const bearer = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token !== null && bearer !== undefined) return sameSecret(bearer, token);
  return isLocal(request);
}

/**
 * A proxy on this machine is a loopback peer too: whoever it speaks for is not. Nor is a page in a browser here whose
 * name was made to point to this machine (DNS rebinding): its Host tells.
 */
function isLocal({ headers, socket, hostname }: FastifyRequest): boolean {
  const forwarded = headers['x-forwarded-for'] ?? headers.forwarded ?? headers.via;
  if (forwarded !== undefined || !isLoopback(socket.remoteAddress ?? '')) return false;
  const name = hostname.replace(/^\[|\]$/g, '');
  return name === 'localhost' || isLoopback(name);
}

/** Is that address this machine's own? */
export function isLoopback(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'));
}

function sameSecret(given: string, expected: string): boolean {
  const left = Buffer.from(given);
  const right = Buffer.from(expected);
  return left.length === right.length && timingSafeEqual(left, right);
}
