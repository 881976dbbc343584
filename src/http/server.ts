/**
 * Composes the HTTP server without any route: bounds of connections and requests, and the steps of each request
 * (request-steps.ts).
 */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '#platform/clock.ts';
import type { Random } from '#platform/random.ts';
import type { Worker } from '#platform/worker.ts';
import { createInFlight, type InFlight } from './admission/in-flight.ts';
import { createRefusals, type Refusals } from './admission/refusals.ts';
import { createRefusedInTurn } from './admission/refused-in-turn.ts';
import type { Authenticate } from './authentication.ts';
import { registerBodies } from './body.ts';
import type { ServerBounds } from './bounds.ts';
import { createConnections } from './connections/connections.ts';
import { createProcSendBuffers } from './connections/send-buffers.ts';
import { createSlowClients } from './connections/slow-clients.ts';
import { createFastifyApp } from './fastify-app.ts';
import { countedAddress, plainAddress, type TrustProxy } from './limits/addresses.ts';
import type { Limits } from './limits/limits.ts';
import type { LogAddresses } from './log-address.ts';
import { createGatewayMetrics, type GatewayMetrics } from './metrics.ts';
import { registerNotFound } from './not-found.ts';
import { registerProblemResponses } from './problem-responses.ts';
import { registerPublicSite } from './public-site.ts';
import { type RequestLog, record } from './request-log.ts';
import { addRequestSteps } from './request-steps.ts';
import { registerSending } from './responses.ts';
import { createUnnamedProxyWarning } from './unnamed-proxy.ts';

export interface ServerDeps {
  clock: Clock;
  random: Random;
  /** undefined: nothing is logged. */
  logger: RequestLog | undefined;
  authenticate: Authenticate;
  limits: Limits;
  bounds: ServerBounds;
  /** Peers whose `X-Forwarded-*` headers are trusted; undefined: none. */
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
  /** They cut slow clients and log refusals, and run until the server is closed. */
  workers: Worker[];
  /** From now on every response closes its connection. */
  startDraining(): void;
  draining(): boolean;
}

/** Clients this many times as fast as the minimum rate are not cut when permits run out. */
const FAST_ENOUGH = 8;

export function createServer(deps: ServerDeps): Server {
  const { clock, random, logger, authenticate, limits, bounds, trustProxy } = deps;
  const { publicUrl = null, logAddresses = 'shortened' } = deps;
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
  const app = createFastifyApp({ random, bounds, trustProxy });
  connections.watch(app.server);
  const slowClients = createSlowClients({
    clock,
    connections,
    rate: bounds.minRate,
    sendBuffers: createProcSendBuffers({ port: () => portOf(app) }),
    onCut: refusals.cut,
  });
  const inTurn = createRefusedInTurn({ clock, connections, inFlight });
  const watchForProxy = createUnnamedProxyWarning({ trustProxy, logAddresses, logger });
  let isDraining = false;
  const draining = () => isDraining;

  registerPublicSite(app, { publicUrl, trustProxy });
  registerSending(app, draining);
  registerNotFound(app);
  registerBodies(app);
  registerProblemResponses(app, { logger, refusals, inTurn, draining });
  addRequestSteps(app, { limits, inFlight, inTurn, authenticate, watchForProxy });
  return {
    app,
    metrics,
    inFlight,
    refusals,
    workers: [slowClients, refusals.worker],
    startDraining() {
      isDraining = true;
    },
    draining,
  };
}

function portOf(app: FastifyInstance): number | null {
  return (app.server.address() as AddressInfo | null)?.port ?? null;
}
