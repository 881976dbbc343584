/** The gateway: the public HTTP API in front of the services. */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { Accounts } from '#accounts/accounts.ts';
import { WarbleError } from '#domain/errors.ts';
import { DEFAULT_BOUNDS, type ServerBounds } from '#http/bounds.ts';
import { createCursors } from '#http/cursors.ts';
import { docsPage } from '#http/docs/docs-page.ts';
import { sendPage } from '#http/docs/html.ts';
import { openApiOf } from '#http/docs/openapi.ts';
import { createTrustProxy } from '#http/limits/addresses.ts';
import type { Limits } from '#http/limits/limits.ts';
import type { LogAddresses } from '#http/log-address.ts';
import { registerStreamMetrics } from '#http/metrics.ts';
import { registerMetricsPage } from '#http/metrics-page.ts';
import { registerRoutes } from '#http/registration.ts';
import type { RequestLog } from '#http/request-log.ts';
import type { Route } from '#http/route.ts';
import { createServer, type Server } from '#http/server.ts';
import type { UploadSpool } from '#http/upload-spool.ts';
import type { Media } from '#media/media.ts';
import type { Moderation } from '#moderation/moderation.ts';
import type { Clock } from '#platform/clock.ts';
import type { Random } from '#platform/random.ts';
import type { Worker } from '#platform/worker.ts';
import { EXAMPLES } from './examples.ts';
import { indexPage } from './index-page.ts';
import { registerMultipart } from './multipart.ts';
import { accountRoutes } from './routes/account-routes.ts';
import type { RouteDeps, Services } from './routes/deps.ts';
import { engagementRoutes } from './routes/engagement-routes.ts';
import { feedsRoutes } from './routes/feeds-routes.ts';
import { followsRoutes } from './routes/follows-routes.ts';
import { mediaRoutes } from './routes/media-routes.ts';
import { moderationRoutes } from './routes/moderation-routes.ts';
import { notificationsRoutes } from './routes/notifications-routes.ts';
import { profilesRoutes } from './routes/profiles-routes.ts';
import { usersRoutes } from './routes/relationships-routes.ts';
import { streamRoutes } from './routes/stream-routes.ts';
import { tweetsRoutes } from './routes/tweets-routes.ts';
import { createSerializers } from './serializers.ts';
import type { Streams } from './streams/streams.ts';

export interface GatewayDeps {
  services: Services;
  accounts: Accounts;
  media: Media;
  /** Where uploads are stored while they arrive. */
  uploads: UploadSpool;
  moderation: Moderation;
  limits: Limits;
  streams: Streams;
  /** 32 secret bytes, the same in every process: see `Accounts.secret`. */
  cursorKey: Buffer;
  clock: Clock;
  random: Random;
  /** undefined: nothing is logged. */
  logger?: RequestLog | undefined;
  /** Shown in the OpenAPI document. */
  version: string;
  /** Allows reading /metrics from anywhere; null: only from this machine, and only if no proxy stands in front. */
  metricsToken?: string | null;
  /** Addresses and CIDR ranges of the proxies whose `X-Forwarded-*` headers are trusted. */
  trustedProxies?: readonly string[] | undefined;
  /** The origin under which users reach this server, as `https://warble.example`. */
  publicUrl?: string | null | undefined;
  /** How much of clients' addresses is logged; default: shortened. */
  logAddresses?: LogAddresses | undefined;
  /** Whether the services behind the gateway can serve. */
  ready?: () => Promise<boolean>;
  bounds?: Partial<Omit<ServerBounds, 'minRate'>> & { minRate?: Partial<ServerBounds['minRate']> };
}

export interface Gateway {
  app: FastifyInstance;
  /** Other parts of the process add their metrics to it. */
  registry: Registry;
  /** Binds and serves. `port` 0: any free one. */
  listen(request: { host: string; port: number }): Promise<{ url: string; port: number }>;
  /**
   * Stops without losing anything: streams end at once, requests in flight finish, a body still unfinished after 5 s
   * gets 503, and whatever is left at `deadline_ms` is cut off. A second call returns the same promise.
   */
  close(request: { deadline_ms: number }): Promise<void>;
  workers: Worker[];
}

/** How long unfinished bodies may still arrive after the gateway was told to close. */
const BODY_GRACE_MS = 5_000;

export function createGateway(deps: GatewayDeps): Gateway {
  const { accounts, clock, random, streams, version, trustedProxies = [], publicUrl = null } = deps;
  const server = createServer({
    clock,
    random,
    logger: deps.logger,
    authenticate: (token) => accounts.authenticate(token),
    limits: deps.limits,
    bounds: {
      ...DEFAULT_BOUNDS,
      ...deps.bounds,
      minRate: { ...DEFAULT_BOUNDS.minRate, ...deps.bounds?.minRate },
    },
    trustProxy: createTrustProxy(trustedProxies),
    publicUrl,
    logAddresses: deps.logAddresses,
  });
  const { app, metrics } = server;
  const ready = async () => !server.draining() && (deps.ready === undefined || (await deps.ready()));
  registerMultipart(app);
  const routes = routesOf(deps);
  registerRoutes({ app, clock }, routes);
  registerPages(app, {
    routes,
    quotas: deps.limits.quotas,
    version,
    publicUrl,
    ready,
    shedding: server.refusals.shedding,
    timeline: deps.services.timeline,
  });
  registerMetricsPage(app, {
    registry: metrics.registry,
    token: deps.metricsToken ?? null,
    proxied: trustedProxies.length > 0 || publicUrl !== null,
  });
  registerStreamMetrics(metrics.registry, streams);
  let closing: Promise<void> | undefined;
  return {
    app,
    registry: metrics.registry,
    workers: [...streams.workers, ...server.workers],
    async listen({ host, port }) {
      await app.listen({ host, port });
      const bound = app.server.address() as AddressInfo;
      const name = host.includes(':') ? `[${host}]` : host;
      return { url: `http://${name}:${bound.port}`, port: bound.port };
    },
    close({ deadline_ms }) {
      closing ??= drain({ server, streams, clock, deadline_ms });
      return closing;
    },
  };
}

/** Every call of the API, in the order in which the docs show them. */
export function routesOf(deps: GatewayDeps): Route[] {
  const { services, media, clock } = deps;
  const serializers = createSerializers();
  const cursors = createCursors({ key: deps.cursorKey });
  const shared: RouteDeps = { services, media, cursors, serializers, clock };
  return [
    ...accountRoutes(deps),
    ...profilesRoutes(shared),
    ...tweetsRoutes(shared),
    ...feedsRoutes(shared),
    ...engagementRoutes(shared),
    ...followsRoutes(shared),
    ...usersRoutes(shared),
    ...notificationsRoutes(shared),
    ...mediaRoutes(deps),
    ...streamRoutes(deps),
    ...moderationRoutes({ ...shared, moderation: deps.moderation }),
  ];
}

interface PagesDeps {
  routes: Route[];
  quotas: Limits['quotas'];
  version: string;
  publicUrl: string | null;
  ready: () => Promise<boolean>;
  /** Why requests are being refused; null: they are not. */
  shedding: () => string | null;
  timeline: Services['timeline'];
}

const API = {
  title: 'Warble',
  description: 'A microblog: post, follow, like, comment, repost, and read your home feed.',
};
const PAGE = { config: { rateLimit: 'page' } } as const;
const PROBE = { config: { rateLimit: 'probe' } } as const;

function registerPages(
  app: FastifyInstance,
  { routes, quotas, version, publicUrl, ready, shedding, timeline }: PagesDeps,
): void {
  const document = JSON.stringify(
    openApiOf({ ...API, routes, version, examples: EXAMPLES, origin: publicUrl }),
  );
  const docs = docsPage({ title: `${API.title} API`, routes, examples: EXAMPLES, quotas });
  app.get('/', PAGE, async (request, reply) =>
    sendPage(reply, await indexPage({ timeline, ready }, request.site.origin)),
  );
  app.get('/docs', PAGE, async (_request, reply) => sendPage(reply, docs));
  app.get('/openapi.json', PAGE, async (_request, reply) => {
    reply.headers({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-cache' });
    return document;
  });
  app.get('/health/live', PROBE, async () => ({ status: 'live' }));
  app.get('/health/ready', PROBE, async () => {
    if (await ready()) {
      const reason = shedding();
      // Still 200: a load balancer that moved the load elsewhere would take the next server down too.
      return reason === null ? { status: 'ready' } : { status: 'shedding', reason };
    }
    throw new WarbleError('unavailable', 'The server is starting or stopping.');
  });
}

interface DrainDeps {
  server: Server;
  streams: Streams;
  clock: Clock;
  deadline_ms: number;
}

async function drain({ server, streams, clock, deadline_ms }: DrainDeps): Promise<void> {
  const { app, inFlight } = server;
  const grace_ms = Math.min(BODY_GRACE_MS, deadline_ms);
  server.startDraining();
  streams.close();
  const done = new AbortController();
  const closed = app.close().finally(() => done.abort());
  await Promise.race([closed, clock.sleep(grace_ms, done.signal)]);
  inFlight.refuseUnfinishedBodies();
  await Promise.race([closed, clock.sleep(deadline_ms - grace_ms, done.signal)]);
  app.server.closeAllConnections();
  await closed;
}
