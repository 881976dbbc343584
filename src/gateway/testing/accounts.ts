/** The routes of accounts, media and streams on a real port, over real services, with a manual clock. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAccountsService } from '#accounts/accounts-service.ts';
import { createAnnouncer } from '#accounts/announcer.ts';
import { createPasswordHasher, type PasswordHasher } from '#accounts/password-hasher.ts';
import { createCachedAccountsStore } from '#accounts/stores/cached.ts';
import { createMemoryAccountsBackend } from '#accounts/stores/memory.ts';
import { DEFAULT_BOUNDS } from '#http/bounds.ts';
import { createTrustProxy } from '#http/limits/addresses.ts';
import { createLimits, type LimitsServiceDeps } from '#http/limits/limits-service.ts';
import { registerRoutes } from '#http/registration.ts';
import { createServer } from '#http/server.ts';
import { openUploadSpool } from '#http/upload-spool.ts';
import { createPictures } from '#media/pictures.ts';
import { createMediaWorld } from '#media/testing/media.ts';
import { createNotificationsService } from '#notifications/notifications-service.ts';
import { createMemoryNotificationsBackend } from '#notifications/stores/memory.ts';
import { timelineOver } from '#notifications/testing/notifications.ts';
import { systemClock } from '#platform/clock.ts';
import { createSeededRandom, systemRandom } from '#platform/random.ts';
import { createPubSub } from '#queue/pubsub.ts';
import { registerMultipart } from '../multipart.ts';
import { accountRoutes } from '../routes/account-routes.ts';
import { mediaRoutes } from '../routes/media-routes.ts';
import { streamRoutes } from '../routes/stream-routes.ts';
import { createStreamsService } from '../streams/streams-service.ts';

export type Site = Awaited<ReturnType<typeof openSite>>;

interface ApiResponse {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}
export interface Ask {
  token?: string | undefined;
  cookie?: string;
  headers?: Record<string, string>;
  json?: unknown;
  form?: FormData;
}

/** How the server is set up, beside its limits. */
interface Front {
  trustedProxies?: string[];
  publicUrl?: string;
  /** In place of a cheap one. */
  hasher?: PasswordHasher;
}
export type SiteOptions = Partial<LimitsServiceDeps> & Front;

export async function openSite({
  trustedProxies = [],
  publicUrl,
  hasher: given,
  ...limitDeps
}: SiteOptions = {}) {
  const world = await createMediaWorld();
  const { clock, social, minter } = world;
  const store = createCachedAccountsStore({ store: createMemoryAccountsBackend().open().accounts });
  const hasher = given ?? createPasswordHasher({ random: systemRandom, memory_KiB: 64 });
  const random = createSeededRandom(11);
  const announcer = createAnnouncer({ store, social });
  const limits = createLimits({ clock, ...limitDeps });
  const pubsub = createPubSub();
  const accountDeps = {
    store,
    social,
    announcer,
    hasher,
    attempts: limits,
    pubsub,
    mint: minter.mint,
    clock,
    random,
  };
  const { accounts } = createAccountsService(accountDeps);
  const { media } = world.start({ pictures: createPictures() });
  const spoolDirectory = mkdtempSync(join(tmpdir(), 'warble-uploads-'));
  const uploads = await openUploadSpool({ directory: spoolDirectory, random: systemRandom });
  const { notifications } = createNotificationsService({
    ...world,
    store: createMemoryNotificationsBackend().open(),
    timeline: timelineOver(world),
    pubsub,
    accounts,
  });
  const streams = createStreamsService({ ...world, pubsub, accounts, notifications, random });
  const authenticate = accounts.authenticate;
  const { app } = createServer({
    // Repeated refusals wait, also while this clock stands still.
    clock: { ...clock, sleep: systemClock.sleep },
    random,
    logger: undefined,
    authenticate,
    limits,
    bounds: DEFAULT_BOUNDS,
    trustProxy: createTrustProxy(trustedProxies),
    publicUrl,
  });
  registerMultipart(app);
  registerRoutes({ app, clock }, [
    ...accountRoutes({ accounts, limits, services: { social }, clock }),
    ...mediaRoutes({ media, uploads }),
    ...streamRoutes({ streams }),
  ]);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;

  function request(method: string, path: string, ask: Ask = {}): Promise<Response> {
    const headers = new Headers(ask.headers);
    if (ask.token !== undefined) headers.set('authorization', `Bearer ${ask.token}`);
    if (ask.cookie !== undefined) headers.set('cookie', ask.cookie);
    if (ask.json !== undefined) headers.set('content-type', 'application/json');
    const body = ask.form ?? (ask.json === undefined ? null : JSON.stringify(ask.json));
    const full = path.startsWith('/media/') ? path : `/api/v1${path}`;
    return fetch(url + full, { method, headers, body });
  }
  return {
    ...world,
    url,
    pubsub,
    streams,
    spoolDirectory,
    request,
    async call(method: string, path: string, ask?: Ask): Promise<ApiResponse> {
      const response = await request(method, path, ask);
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text === '' ? {} : JSON.parse(text),
      };
    },
    async close() {
      streams.close();
      app.server.closeAllConnections();
      await app.close();
      await world.dispose();
      rmSync(spoolDirectory, { recursive: true });
    },
  };
}

export async function onSite(body: (site: Site) => Promise<void>, options?: SiteOptions) {
  const site = await openSite(options);
  try {
    await body(site);
  } finally {
    await site.close();
  }
}

/** Requests whose bodies never end: their count, extra headers, and the beginning of the body. */
export interface Drips {
  count: number;
  path: string;
  head: string[];
  body: string;
}

/** Begins to send them. */
export function begin({ url }: Site, { count, path, head, body }: Drips) {
  const lines = [`POST /api/v1${path} HTTP/1.1`, 'Host: x', 'Content-Length: 9000', ...head];
  const sockets = Array.from({ length: count }, () => connect(Number(new URL(url).port), '127.0.0.1'));
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  }
  return {
    sockets,
    hangUp() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/**
 * Begins to send them and waits for the first response: a refusal, since the others hold all permits. Returns that
 * response, and how to hang up.
 */
export async function drip(site: Site, drips: Drips): Promise<{ refused: string; hangUp: () => void }> {
  const { sockets, hangUp } = begin(site, drips);
  const [response] = await Promise.race(sockets.map((socket) => once(socket, 'data')));
  return { refused: String(response), hangUp };
}
