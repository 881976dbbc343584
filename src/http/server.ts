/**
 * The HTTP server without any route: request ids, authentication, bounds, security headers, problem documents,
 * logs, and a shutdown that loses nothing.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { isWarbleError, type WarbleError } from '#domain/errors.ts';
import type { Clock } from '#platform/clock.ts';
import type { Random } from '#platform/random.ts';
import type { Worker } from '#platform/worker.ts';
import { createInFlight, type InFlight } from './admission/in-flight.ts';
import type { PermitKind } from './admission/permits.ts';
import { createRefusals, type Refusals } from './admission/refusals.ts';
import { createRefusedInTurn } from './admission/refused-in-turn.ts';
import { type Authenticate, callerOf } from './authentication.ts';
import { registerBodies, requireJsonType } from './body.ts';
import { CHUNK_BYTES, endInChunks, inChunks } from './chunks.ts';
import { createConnections } from './connections/connections.ts';
import type { DataRate } from './connections/data-rate.ts';
import { createProcSendBuffers } from './connections/send-buffers.ts';
import { createSlowClients } from './connections/slow-clients.ts';
import { allowAnyOrigin } from './cors.ts';
import { clientAddressOf, countedAddress, plainAddress, type TrustProxy } from './limits/addresses.ts';
import type { Limits } from './limits/limits.ts';
import { tooManyRequests } from './limits/rate-limiter.ts';
import { type LogAddresses, loggedAddress } from './log-address.ts';
import { answerMalformed, handleTunnelsAndExpectations, requireHost } from './malformed-requests.ts';
import { createGatewayMetrics, type GatewayMetrics } from './metrics.ts';
import { registerNotFound } from './not-found.ts';
import { asWarbleError, invalidBody, PROBLEM_TYPE, problemOf } from './problem.ts';
import { registerPublicSite } from './public-site.ts';
import { createRequestBatching } from './request-batching.ts';
import type { RateLimitName } from './route.ts';
import type { SchemaFault } from './schema-faults.ts';
import { forgetCookies } from './session-cookie.ts';
import { createUnnamedProxyWarning } from './unnamed-proxy.ts';

/** Bounds of the HTTP server. */
export interface ServerBounds {
  connections: number;
  requestsInFlight: number;
  picturesInFlight: number;
  /** Requests of one connection that wait for their responses: beyond it the connection is cut. */
  pipelined: number;
  /** Bytes of a request's line and headers. */
  headers_bytes: number;
  /** Until the headers have come. */
  headers_ms: number;
  /** The least rate, in either direction, while bytes wait on the client. */
  minRate: DataRate;
  /** Until an idle connection is closed. */
  keepAlive_ms: number;
}

export const DEFAULT_BOUNDS: ServerBounds = {
  connections: 20_000,
  requestsInFlight: 2_000,
  picturesInFlight: 500,
  pipelined: 100,
  headers_bytes: 16 * 1024,
  headers_ms: 10_000,
  minRate: { bytesPerSecond: 8 * 1024, grace_ms: 10_000 },
  keepAlive_ms: 65_000,
};

/** Where requests and unexpected errors are written; pino's methods. */
export interface RequestLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ServerDeps {
  clock: Clock;
  random: Random;
  /** undefined: nothing is logged. */
  logger: RequestLog | undefined;
  authenticate: Authenticate;
  limits: Pick<Limits, 'maxConcurrent' | 'take' | 'tokens'>;
  bounds: ServerBounds;
  /** Whose `X-Forwarded-*` headers are believed; undefined: nobody's. */
  trustProxy?: TrustProxy | undefined;
  /** The origin under which users reach this server; null: each request's Host says. */
  publicUrl?: string | null | undefined;
  /** How much of clients' addresses is logged. */
  logAddresses?: LogAddresses | undefined;
}

export interface Server {
  app: FastifyInstance;
  metrics: GatewayMetrics;
  inFlight: InFlight;
  refusals: Refusals;
  /** Those that cut slow clients and write what was refused; they run until the server is closed. */
  workers: Worker[];
  /** From now on every response closes its connection. */
  startDraining(): void;
  draining(): boolean;
}

/** Holders that are so many times as fast as they must be are not cut when permits run out. */
const FAST_ENOUGH = 8;
/** How often slow headers are looked for. */
const SLOW_CHECK_MS = 1_000;
/** Requests that go on side by side; see request-batching.ts. */
const MAX_BATCH = 32;
/** Whatever a client names a request is taken over where it is harmless in a log. */
const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

export function createServer(deps: ServerDeps): Server {
  const { clock, random, logger, authenticate, limits, bounds, trustProxy, publicUrl = null } = deps;
  const { logAddresses = 'shortened' } = deps;
  const lookForProxy = createUnnamedProxyWarning({ trustProxy, logAddresses, logger });
  const { maxConcurrent } = limits;
  const metrics = createGatewayMetrics({
    permits: (kind) => inFlight.count(kind),
    connections: () => connections.count(),
  });
  const refusals = createRefusals({ clock, metrics, logger });
  const connections = createConnections({
    clock,
    max: bounds.connections,
    maxPerAddress: maxConcurrent.connections,
    countedFor: (address) => (trustProxy?.(address, 0) ? null : countedAddress(plainAddress(address))),
    onRefused: refusals.connection,
    onMadeRoom: () => refusals.cut('idle'),
  });
  const inFlight = createInFlight({
    clock,
    connections,
    max: { requests: bounds.requestsInFlight, pictures: bounds.picturesInFlight },
    maxPerAddress: { requests: maxConcurrent.address, pictures: maxConcurrent.pictures },
    maxPerConnection: bounds.pipelined,
    fastEnough: FAST_ENOUGH * bounds.minRate.bytesPerSecond,
    onDone: (request, reply, duration_ms) =>
      record({ metrics, logger, logAddresses, request, reply, duration_ms }),
    onMadeRoom: () => refusals.cut('slowest'),
  });
  const app = createApp({ bounds, requestId: requestIds(random), trustProxy });
  connections.watch(app.server);
  const slowClients = createSlowClients({
    clock,
    connections,
    rate: bounds.minRate,
    sendBuffers: createProcSendBuffers({ port: () => portOf(app) }),
    onCut: refusals.cut,
  });
  const verify: Authenticate = (token, address) =>
    limits.tokens.check({ token, address }, (shown) => authenticate(shown, address));
  const joinBatch = createRequestBatching({ max: MAX_BATCH });
  let draining = false;
  const inTurn = createRefusedInTurn({ clock, connections, inFlight });

  app.decorateRequest('caller', null);
  app.decorateRequest('clientAddress', '');
  app.decorateRequest('address', '');
  app.decorateRequest('refused', false);
  app.decorateRequest('errorLog', null);
  registerPublicSite(app, { publicUrl, trustProxy });
  app.decorateReply('sendBytes', function (this: FastifyReply, bytes: string) {
    this.hijack();
    if (draining) this.header('connection', 'close');
    this.header('content-length', bytes.length);
    this.raw.writeHead(this.statusCode, this.getHeaders() as OutgoingHttpHeaders);
    endInChunks(this.raw, bytes);
  });
  registerNotFound(app);
  registerBodies(app);
  app.setErrorHandler((thrown, request, reply) => {
    if (inTurn.isDropped(request)) return;
    const { error, expected } = asWarbleError(thrown);
    request.errorLog = error.log ?? null;
    if (!expected) logger?.error({ err: thrown, requestId: request.id }, 'unexpected error');
    if (error.status === 429 || error.status === 503) {
      refusals.request(error.code, error.message);
      request.refused = error.code === 'rate_limited' || error.code === 'overloaded';
    }
    const response = () => sendProblem(error, request, reply);
    if (error.code === 'rate_limited' && !draining) inTurn.refuse(request, reply, response);
    else response();
  });
  app.addHook('onRequest', (request, reply, done) => {
    if (inTurn.isDropped(request)) return;
    const route = request.routeOptions.config.route;
    secure(request, reply);
    request.clientAddress = clientAddressOf(request);
    request.address = countedAddress(request.clientAddress);
    lookForProxy(request);
    // A call without a body ignores whatever Content-Type came.
    if (route === undefined || route.body === null) delete request.raw.headers['content-type'];
    try {
      inFlight.enter(request, reply, permitKindOf(route?.rateLimit));
      requireHost(request.raw);
      requireJsonType(request);
    } catch (error) {
      return done(isRefusal(error) ? error : (tooManyInVain(limits, request) ?? (error as Error)));
    }
    // Cut off, as too many wait on it: what came with this is dropped unread.
    if (request.raw.socket.destroyed) return;
    // The framework would refuse a QUERY without a Content-Type before anybody says that no call takes it.
    if (route === undefined && request.method === 'QUERY') {
      request.raw.headers['content-type'] = 'application/octet-stream';
    }
    done();
  });
  app.addHook('onRequest', (request, _reply, done) => {
    joinBatch().then(() => {
      if (!inTurn.isDropped(request)) done();
    });
  });
  app.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.config.route;
    if (route === undefined) return done();
    const found = callerOf(request, route.auth, verify);
    found.then(
      (caller) => {
        request.caller = caller;
        done();
      },
      (error: Error) => done(tooManyInVain(limits, request) ?? error),
    );
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (draining) reply.header('connection', 'close');
    done(null, inSmallWrites(reply, payload));
  });
  return {
    app,
    metrics,
    inFlight,
    refusals,
    workers: [slowClients, refusals.worker],
    startDraining() {
      draining = true;
    },
    draining: () => draining,
  };
}

interface AppDeps {
  bounds: ServerBounds;
  requestId: () => string;
  trustProxy: TrustProxy | undefined;
}

function createApp({ bounds, requestId, trustProxy }: AppDeps): FastifyInstance {
  const app: FastifyInstance = fastify({
    // Requests are logged once, when they are over, without the cost of a logger for each.
    logger: false,
    trustProxy: trustProxy ?? false,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : requestId();
    },
    // Bodies and responses have a least rate instead.
    requestTimeout: 0,
    connectionTimeout: 0,
    keepAliveTimeout: bounds.keepAlive_ms,
    http: {
      maxHeaderSize: bounds.headers_bytes,
      headersTimeout: bounds.headers_ms,
      connectionsCheckingInterval: SLOW_CHECK_MS,
      // Asked for by `requireHost`, with a problem document.
      requireHostHeader: false,
    },
    // Names that are too long are refused by their schemas, with the field's name.
    routerOptions: { maxParamLength: bounds.headers_bytes, querystringParser: () => ({}) },
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, allErrors: true, allowUnionTypes: true },
    },
    schemaErrorFormatter: (faults) => invalidBody(faults as SchemaFault[]),
    frameworkErrors: (error, request, reply) => {
      secure(request, reply as FastifyReply);
      sendProblem(asWarbleError(error).error, request, reply as FastifyReply);
    },
    clientErrorHandler: answerMalformed,
  });
  handleTunnelsAndExpectations(app.server);
  return app;
}

function isRefusal(error: unknown): error is WarbleError {
  return isWarbleError(error, 'rate_limited') || isWarbleError(error, 'overloaded');
}

/** Counts a request whose caller cannot be told, or that is malformed, as a read of its address; the error where there were too many. */
function tooManyInVain({ take }: Pick<Limits, 'take'>, { address }: FastifyRequest): WarbleError | undefined {
  const decision = take('read', address);
  return decision === null || decision.allowed ? undefined : tooManyRequests(decision);
}

function portOf(app: FastifyInstance): number | null {
  return (app.server.address() as AddressInfo | null)?.port ?? null;
}

/** Which kind of permit a request takes. Streams have a bound of their own; health and pages are never refused for want of one. */
function permitKindOf(limit: RateLimitName | undefined): PermitKind | null {
  if (limit === undefined || limit === 'stream') return null;
  return limit === 'media' ? 'pictures' : 'requests';
}

/** A large response as a stream; see chunks.ts. */
function inSmallWrites(reply: FastifyReply, payload: unknown): unknown {
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
  if (payload.length <= CHUNK_BYTES) return payload;
  const body = Buffer.from(payload);
  reply.header('content-length', body.length);
  return inChunks(body);
}

/** Ids of requests: unique in a process and, by eight random digits, among processes. */
function requestIds(random: Random): () => string {
  const prefix = random.bytes(4).toString('hex');
  let count = 0;
  return () => `${prefix}-${(++count).toString(36)}`;
}

/** For responses that are data, whatever a browser makes of them. Pages and pictures set their own policy. */
function secure(request: FastifyRequest, reply: FastifyReply): void {
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

function sendProblem(error: WarbleError, request: FastifyRequest, reply: FastifyReply): void {
  if (error.retryAfter_s !== undefined) reply.header('retry-after', String(Math.ceil(error.retryAfter_s)));
  if (error.code === 'unauthenticated') {
    reply.header('www-authenticate', 'Bearer realm="warble"');
    if (request.headers.authorization === undefined && request.headers.cookie !== undefined)
      forgetCookies(request, reply);
  }
  reply
    .code(error.status)
    .header('content-type', PROBLEM_TYPE)
    .send(JSON.stringify(problemOf(error)));
}

/** Labels are bounded: methods that nobody knows share one. */
const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);

interface Recorded {
  metrics: GatewayMetrics;
  logger: RequestLog | undefined;
  logAddresses: LogAddresses;
  request: FastifyRequest;
  reply: FastifyReply;
  duration_ms: number;
}

/** A request in metrics and log: its route's pattern and who asked, never a path, token, password or text. */
function record({ metrics, logger, logAddresses, request, reply, duration_ms }: Recorded): void {
  const route = request.routeOptions.url ?? 'unmatched';
  const { method } = request;
  // 499, as nginx has it: the client went away before its response was whole.
  const status = reply.raw.writableFinished ? reply.statusCode : 499;
  metrics.answered({
    route,
    method: KNOWN_METHODS.has(method) ? method : 'other',
    status,
    duration_s: duration_ms / 1_000,
  });
  // A line a minute counts them.
  if (request.refused) return;
  logger?.info(
    {
      requestId: request.id,
      method,
      route,
      status,
      duration_ms: Math.round(duration_ms * 100) / 100,
      userId: request.caller?.userId,
      address: loggedAddress(request.clientAddress, logAddresses),
      ...request.errorLog,
    },
    'request',
  );
}
