/** Metrics may be read with the metrics token or, if no proxy stands in front of the server, from this machine. */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { WarbleError } from '#domain/errors.ts';
import { plainAddress } from './limits/addresses.ts';
import { asWarbleError, PROBLEM_TYPE, problemOf } from './problem.ts';
import { isLoopbackName } from './public-site.ts';

export interface MetricsPageDeps {
  registry: Registry;
  /** It allows reading from anywhere; null: there is no token. */
  token: string | null;
  /**
   * A proxy or a public URL is configured, so a peer on this machine may forward for any client: only the token
   * counts.
   */
  proxied: boolean;
}

/** Adds GET /metrics to the public server. */
export function registerMetricsPage(
  app: FastifyInstance,
  { registry, token, proxied }: MetricsPageDeps,
): void {
  app.get('/metrics', { config: { rateLimit: 'probe' } }, async (request, reply) => {
    const bearer = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const mayRead =
      token !== null && bearer !== undefined ? sameSecret(bearer, token) : !proxied && isLocal(request.raw);
    if (!mayRead) throw notForYou();
    reply.type(registry.contentType);
    return await registry.metrics();
  });
}

export interface MetricsListenerDeps {
  registry: Registry;
  /** 0: any free port. */
  port: number;
  /** Called with errors of reading the metrics, for the log. */
  onError: (error: unknown) => void;
}

export interface MetricsListener {
  url: string;
  close(): Promise<void>;
}

const LISTENER_CONNECTIONS = 16;
const LISTENER_TIMEOUT_MS = 10_000;

/** Serves only /metrics on a loopback port, which no proxy reaches. */
export async function openMetricsListener(deps: MetricsListenerDeps): Promise<MetricsListener> {
  const { registry, port, onError } = deps;
  const options = { requestTimeout: LISTENER_TIMEOUT_MS, connectionsCheckingInterval: 1_000 };
  const server = createServer(options, (request, response) => {
    respond(registry, request, response).catch((error: unknown) => {
      onError(error);
      send(response, asWarbleError(error).error);
    });
  });
  server.maxConnections = LISTENER_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound.port}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  registry: Registry,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = refusalOf(request);
  if (refusal !== null) return send(response, refusal);
  const text = await registry.metrics();
  response.writeHead(200, { 'content-type': registry.contentType });
  response.end(request.method === 'HEAD' ? undefined : text);
}

function send(response: ServerResponse, error: WarbleError): void {
  response.writeHead(error.status, { 'content-type': PROBLEM_TYPE });
  response.end(JSON.stringify(problemOf(error)));
}

function refusalOf(request: IncomingMessage): WarbleError | null {
  if (!isLocal(request)) return notForYou();
  if (request.url !== '/metrics') return new WarbleError('not_found', 'Only /metrics is here.');
  if (request.method === 'GET' || request.method === 'HEAD') return null;
  return new WarbleError('method_not_allowed', 'Metrics are read with GET.');
}

function notForYou(): WarbleError {
  return new WarbleError(
    'unauthenticated',
    'Metrics are for the bearer of the metrics token or, without a proxy, for this machine.',
  );
}

/**
 * A proxy on this machine is a loopback peer too, but the client it forwards for is not local. Neither is a page in a
 * local browser whose name was made to point here (DNS rebinding); its Host header gives it away.
 */
function isLocal({ headers, socket }: IncomingMessage): boolean {
  const forwarded = headers['x-forwarded-for'] ?? headers.forwarded ?? headers.via;
  if (forwarded !== undefined || !isLoopbackName(plainAddress(socket.remoteAddress))) return false;
  const url = `http://${headers.host ?? ''}`;
  return URL.canParse(url) && isLoopbackName(new URL(url).hostname);
}

function sameSecret(given: string, expected: string): boolean {
  const left = Buffer.from(given);
  const right = Buffer.from(expected);
  return left.length === right.length && timingSafeEqual(left, right);
}
