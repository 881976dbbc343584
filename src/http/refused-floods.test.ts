import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { WarbleError } from '#domain/errors.ts';
import { Nothing } from '#gateway/schemas/common.ts';
import { createManualClock } from '#platform/clock.ts';
import { defineRoute, type Route } from './route.ts';
import { problemIn, raw, serve } from './testing/server.ts';

const GET = 'GET /api/v1/refused HTTP/1.1\r\nHost: x\r\n\r\n';
const IMMEDIATE = 20;
const MAX_WAITING = 256;
const turn = () => new Promise((resolve) => setImmediate(resolve));

const refused = defineRoute({
  method: 'GET',
  path: '/refused',
  auth: 'none',
  rateLimit: 'read',
  operationId: 'refused',
  tag: 'Test',
  summary: 'Refuses everybody',
  response: Nothing,
  async handler() {
    throw new WarbleError('rate_limited', 'Too many.', { retryAfter_s: 7 });
  },
});

/** A server that has refused somebody so often that their refusals wait. */
async function flooded(more: Route[] = []) {
  const clock = createManualClock(0);
  const server = await serve({}, [refused, ...more], { clock });
  const shed = async () =>
    Number(/shed_total\{code="rate_limited"\} (\d+)/.exec(await server.metrics.registry.metrics())?.[1] ?? 0);
  const ask = () => fetch(`${server.url}/api/v1/refused`);
  for (let i = 0; i < IMMEDIATE; i++) assert.equal((await ask()).status, 429);
  return { server: { ...server, shed }, clock, ask };
}

/** As many refusals as may wait, on four connections. */
async function waitingAll({ port, shed }: Awaited<ReturnType<typeof flooded>>['server']) {
  const sockets = Array.from({ length: 4 }, () => connect(port, '127.0.0.1'));
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.write(GET.repeat(MAX_WAITING / 4));
  }
  while ((await shed()) < IMMEDIATE + MAX_WAITING) await turn();
  return sockets;
}

test('who asks again and again waits for being refused, holds no permit, and is told when to come back', async () => {
  const { server, clock, ask } = await flooded();
  const entered = once(server.app.server, 'request');
  let answered = false;
  const received = ask().finally(() => {
    answered = true;
  });
  await entered;
  while (server.inFlight.count() > 0) await turn();
  assert.equal(answered, false);
  clock.advance(249);
  for (let i = 0; i < 20; i++) await turn();
  assert.equal(answered, false);
  clock.advance(1);
  const response = await received;
  assert.equal(response.status, 429);
  assert.match(response.headers.get('retry-after') ?? '', /^7$/);
  assert.equal((await problemIn(response)).code, 'rate_limited');
  assert.equal((await fetch(`${server.url}/plain`)).status, 200);
});

test('where too many refusals wait, one more is answered at once and ends its connection', async () => {
  const { server, clock } = await flooded();
  const sockets = await waitingAll(server);

  const more = await raw(server.port, GET.repeat(50));
  assert.equal(more.match(/HTTP\/1\.1 429 /g)?.length, 1, 'what came behind it is dropped');
  assert.match(more, /\r\nconnection: close\r\n/i);
  assert.match(more, /\r\nretry-after: 7/i);
  assert.match(more, /"code":"rate_limited"/);
  assert.equal(await server.shed(), IMMEDIATE + MAX_WAITING + 1);

  let received = '';
  sockets[0]!.on('data', (chunk) => {
    received += chunk;
  });
  for (let i = 0; i < 400; i++) {
    clock.advance(4);
    await turn();
  }
  while ((received.match(/HTTP\/1\.1 429 /g)?.length ?? 0) < MAX_WAITING / 4) await turn();
  for (const socket of sockets) socket.destroy();
});

test('what came before the refusal that ends a connection is answered, though it fails', async () => {
  const slow = Promise.withResolvers<void>();
  const { server, clock } = await flooded([
    defineRoute({
      method: 'GET',
      path: '/slow',
      auth: 'none',
      rateLimit: 'read',
      operationId: 'slow',
      tag: 'Test',
      summary: 'Finds nothing, after a while',
      response: Nothing,
      async handler() {
        await slow.promise;
        throw new WarbleError('not_found', 'There is none.');
      },
    }),
  ]);
  const sockets = await waitingAll(server);

  const received = raw(server.port, GET.replace('refused', 'slow') + GET.repeat(20));
  while ((await server.shed()) < IMMEDIATE + MAX_WAITING + 1) await turn();
  slow.resolve();
  const statuses = (await received).match(/HTTP\/1\.1 \d+/g);
  assert.deepEqual(statuses, ['HTTP/1.1 404', 'HTTP/1.1 429']);
  for (const socket of sockets) socket.destroy();
  clock.advance(2_000);
});
