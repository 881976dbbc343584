/** One address, one network, one account must not shut out the others: each attack over real sockets. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { ServerBounds } from '#http/bounds.ts';
import type { Json } from '#http/json.ts';
import { createTrustProxy } from '#http/limits/addresses.ts';
import type { ConcurrencyLimits } from '#http/limits/limits.ts';
import { createLimits } from '#http/limits/limits-service.ts';
import { defineRoute, rawJson } from '#http/route.ts';
import { logged, problemIn, serve } from '#http/testing/server.ts';
import { createManualClock } from '#platform/clock.ts';
import { Nothing } from './schemas/common.ts';
import { openApi } from './testing/gateway.ts';

const picture = defineRoute({
  method: 'GET',
  path: '/picture',
  auth: 'none',
  rateLimit: 'media',
  operationId: 'picture',
  tag: 'Test',
  summary: 'Is larger than what the kernels of both ends hold',
  response: Nothing,
  handler: async () => rawJson(' '.repeat(32 * 1024 * 1024) as Json<object>),
});
const small = defineRoute({
  method: 'GET',
  path: '/small',
  auth: 'optional',
  rateLimit: 'media',
  operationId: 'small',
  tag: 'Test',
  summary: 'Is a small picture',
  response: Nothing,
  handler: async () => ({}),
});

async function open(
  t: TestContext,
  {
    bounds = {},
    maxConcurrent = {},
  }: { bounds?: Partial<ServerBounds>; maxConcurrent?: Partial<ConcurrencyLimits> },
) {
  const clock = createManualClock(0);
  const limits = createLimits({ clock, maxConcurrent });
  const trustProxy = createTrustProxy(['127.0.0.1']);
  const server = await serve(bounds, [picture, small], { clock, limits, trustProxy });
  const sockets: Socket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  return {
    ...server,
    clock,
    /** Opens a connection from `local`, which is a proxy's where it is 127.0.0.1. */
    connect(local = '127.0.0.1'): Socket {
      const socket = connect({ port: server.port, host: '127.0.0.1', localAddress: local });
      socket.on('error', () => {});
      sockets.push(socket);
      return socket;
    },
    /** Asks for a picture from an address, and reads nothing of it. */
    stuck(address: string, headers = ''): Socket {
      const socket = this.connect();
      socket.pause();
      socket.write(
        `GET /api/v1/picture HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${address}\r\n${headers}\r\n`,
      );
      return socket;
    },
    get: (path: string, address: string, token?: string) =>
      fetch(server.url + path, {
        headers: {
          'x-forwarded-for': address,
          connection: 'close',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
      }),
    async second() {
      clock.advance(1_000);
      for (const worker of server.workers) while (await worker.step());
    },
    metrics: () => server.metrics.registry.metrics(),
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test('all networks of one /48 together hold four times what one /64 may, and leave the rest', async (t) => {
  const server = await open(t, { bounds: { picturesInFlight: 10 }, maxConcurrent: { pictures: 2 } });
  for (let network = 0; network < 5; network++) {
    for (let i = 0; i < 4; i++) server.stuck(`2001:db8:1:${network}::${i + 1}`);
  }
  await until(() => server.inFlight.count('pictures') === 8);
  const refused = await server.get('/api/v1/small', '2001:db8:1:9::1');
  assert.equal((await problemIn(refused)).code, 'rate_limited', 'the same /48');
  assert.equal((await server.get('/api/v1/small', '2001:db8:2::1')).status, 200, 'another /48');
  assert.equal((await server.get('/api/v1/page', '2001:db8:1:9::1')).status, 200, 'no picture');
});

test('when permits run out the slowest holders lose theirs, and the server says that it sheds', async (t) => {
  const server = await open(t, { bounds: { picturesInFlight: 6 } });
  for (let i = 0; i < 6; i++) server.stuck(`10.0.0.${i}`);
  await until(() => server.inFlight.count('pictures') === 6);
  assert.equal((await problemIn(await server.get('/api/v1/small', '10.9.9.9'))).code, 'overloaded');
  assert.match(server.refusals.shedding() ?? '', /Too many requests/);
  // Who is slow has to be seen first.
  for (let seconds = 0; seconds < 4; seconds++) await server.second();
  assert.equal((await server.get('/api/v1/small', '10.9.9.9')).status, 200);
  assert.match(server.refusals.shedding() ?? '', /slowest/);
  assert.match(await server.metrics(), /connections_cut_total\{reason="slowest"\} 1/);
  assert.match(await server.metrics(), /http_shed_total\{code="overloaded"\} 1/);
  for (let seconds = 0; seconds < 60; seconds++) await server.second();
  const lines = logged.filter(({ counts }) => (counts as { overloaded?: number })?.overloaded !== undefined);
  assert.equal(lines.length, 1, 'one line, and none for each refused request');
  assert.equal(
    logged.some(({ status }) => status === 503),
    false,
  );
  assert.equal(server.refusals.shedding(), null, 'it is over');
  assert.equal(server.inFlight.count('pictures'), 0, 'the others were cut by then');
});

test('a quarter of the permits stays for users who are signed in', async (t) => {
  const server = await open(t, { bounds: { requestsInFlight: 4 } });
  const head = 'Content-Type: application/json\r\nContent-Length: 50\r\n\r\n';
  for (let i = 0; i < 3; i++) {
    server
      .connect()
      .write(`POST /api/v1/echo HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.0.0.${i}\r\n${head}{`);
  }
  await until(() => server.inFlight.count('requests') === 3);
  assert.equal((await problemIn(await server.get('/api/v1/page', '10.9.9.9'))).code, 'overloaded');
  assert.equal((await server.get('/api/v1/page', '10.9.9.9', 'good')).status, 200);
});

test('an address has a number of connections; a trusted proxy has as many as there are', async (t) => {
  const server = await open(t, { maxConcurrent: { connections: 3 } });
  const closed = [0, 1, 2, 3].map(() => {
    const socket = server.connect('127.0.0.2');
    return new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)));
  });
  await Promise.race(closed);
  const answered = (local: string) =>
    new Promise<string>((resolve) => {
      const socket = server.connect(local);
      socket.once('data', (chunk) => resolve(String(chunk)));
      socket.once('close', () => resolve('closed'));
      socket.write('GET /plain HTTP/1.1\r\nHost: x\r\n\r\n');
    });
  assert.equal(await answered('127.0.0.2'), 'closed');
  assert.match(await answered('127.0.0.3'), /^HTTP\/1\.1 200/);
  for (let i = 0; i < 5; i++) assert.match(await answered('127.0.0.1'), /^HTTP\/1\.1 200/, 'a proxy');
  assert.match(await server.metrics(), /connections_refused_total\{reason="connections_of_address"\} 2/);
});

test('near the bound of connections, the one that has been idle for longest is closed', async (t) => {
  const server = await open(t, { bounds: { connections: 10 } });
  const closed: number[] = [];
  for (let i = 0; i < 9; i++) {
    const socket = server.connect(`127.0.1.${i + 1}`);
    socket.once('close', () => closed.push(i));
    socket.write('GET /plain HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    server.clock.advance(1_000);
  }
  await until(() => server.inFlight.count() === 0);
  assert.deepEqual(closed, []);
  server.connect('127.0.2.1');
  await until(() => closed.length > 0);
  server.clock.advance(1_000);
  server.connect('127.0.2.2');
  await until(() => closed.length > 1);
  assert.deepEqual(closed, [0, 1]);
});

const ONCE = { quota: 1, window_ms: 3_600_000 };
const PAGES = [
  '/',
  '/docs',
  '/openapi.json',
  '/metrics',
  '/health/live',
  '/health/ready',
  '/nowhere',
  '/media/x.png',
];

test('every route has a limit, known or not, signed in or not, well written or not', async () => {
  const kinds = ['read', 'write', 'post', 'signUp', 'signIn', 'report', 'media', 'page', 'probe', 'badToken'];
  const api = await openApi({
    rateLimits: 'on',
    quotas: Object.fromEntries(kinds.map((kind) => [kind, ONCE])),
  });
  const calls = Object.entries(api.document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
  );
  assert.ok(calls.length > 50);
  const all = [...calls, ...PAGES.flatMap((path) => [['GET', path] as const, ['OPTIONS', path] as const])];
  for (const headers of [{}, { authorization: 'Bearer bad' }, { 'content-type': 'application/json' }]) {
    for (const [method, path] of all) {
      const statuses: number[] = [];
      const url = api.url + path.replaceAll(/\{\w+\}/g, '1');
      for (let i = 0; i < 2; i++) {
        // So that refusals are few enough to leave at once.
        api.clock.advance(1_000);
        const response = await fetch(url, { method, headers });
        statuses.push(response.status);
        await response.arrayBuffer();
      }
      assert.equal(statuses[1], 429, `${method} ${path} ${JSON.stringify(headers)}: ${statuses}`);
    }
  }
  await api.close();
});
