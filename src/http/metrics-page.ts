/** Who may read the metrics: this machine where nothing stands in front of the server, or the bearer of a token. */
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
  /** Whoever bears it may read from everywhere; null: nobody may. */
  token: string | null;
  /** A proxy or a public URL is named, so a peer on this machine may speak for anybody: only the token counts. */
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
  /** 0 picks a free one. */
  port: number;
  /** Told of what kept metrics from being read, for the log. */
  onError: (error: unknown) => void;
}

export interface MetricsListener {
  url: string;
  close(): Promise<void>;
}

const LISTENER_CONNECTIONS = 16;
const LISTENER_TIMEOUT_MS = 10_000;

/** Serves /metrics, and nothing else, on a port of loopback, so that no proxy reaches it. */
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
 * A proxy on this machine is a loopback peer too: whoever it speaks for is not. Nor is a page in a browser here whose
 * name was made to point to this machine (DNS rebinding): its Host tells.
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
