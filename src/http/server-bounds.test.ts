import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { Nothing } from '#gateway/schemas/common.ts';
import { systemClock } from '#platform/clock.ts';
import { createTrustProxy } from './limits/addresses.ts';
import { createLimits } from './limits/limits-service.ts';
import { defineRoute } from './route.ts';
import { post, problemIn, raw, serve } from './testing/server.ts';

/** A call that waits until it is told to go on. */
function gate() {
  const waiting: (() => void)[] = [];
  const route = defineRoute({
    method: 'GET',
    path: '/wait',
    auth: 'none',
    rateLimit: 'read',
    operationId: 'wait',
    tag: 'Test',
    summary: 'Waits',
    response: Nothing,
    async handler() {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return {};
    },
  });
  return {
    route,
    waiting,
    open() {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

test('above its bound a server sheds requests with 503 and serves on', async () => {
  const { route, waiting, open } = gate();
  const server = await serve({ requestsInFlight: 2 }, [route]);
  const held = [fetch(`${server.url}/api/v1/wait`), fetch(`${server.url}/api/v1/wait`)];
  while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const shed = await fetch(`${server.url}/api/v1/echo`, { method: 'POST' });
  assert.equal(shed.headers.get('retry-after'), '1');
  assert.equal((await problemIn(shed)).code, 'overloaded');
  assert.equal((await fetch(`${server.url}/plain`)).status, 200, 'health and the like are served');
  open();
  for (const response of await Promise.all(held)) assert.equal(response.status, 200);
  assert.equal((await post(`${server.url}/api/v1/echo`, '{"text":"a"}')).status, 200);
  assert.match(await server.metrics.registry.metrics(), /warble_http_shed_total\{code="overloaded"\} 1/);
});

test('an address keeps only its own permits, also with responses that wait behind one that never ends', async () => {
  const { route, waiting, open } = gate();
  const limits = createLimits({ clock: systemClock, maxConcurrent: { address: 2 } });
  const trustProxy = createTrustProxy(['127.0.0.1']);
  const server = await serve({ requestsInFlight: 4 }, [route], { limits, trustProxy });
  const socket = connect(server.port, '127.0.0.1');
  const from = 'Host: x\r\nX-Forwarded-For: 1.2.3.4\r\n';
  const refused = `GET /api/v1/page HTTP/1.1\r\n${from}Authorization: Bearer wrong\r\n\r\n`;
  socket.write(`GET /api/v1/wait HTTP/1.1\r\n${from}\r\n${refused.repeat(9)}`);
  while (waiting.length < 1 || server.inFlight.count() < 2)
    await new Promise((resolve) => setImmediate(resolve));
  assert.equal(server.inFlight.count(), 2);
  const headers = { 'x-forwarded-for': '1.2.3.4' };
  assert.equal((await fetch(`${server.url}/api/v1/page`, { headers })).status, 429);
  assert.equal((await fetch(`${server.url}/api/v1/page`)).status, 200, 'from elsewhere');
  open();
  while (server.inFlight.count() > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await fetch(`${server.url}/api/v1/page`, { headers })).status, 200);
  socket.destroy();
});

test('a client that goes away gives its permit back', async () => {
  const { route, waiting, open } = gate();
  const server = await serve({ requestsInFlight: 1 }, [route]);
  const leaving = new AbortController();
  const held = fetch(`${server.url}/api/v1/wait`, { signal: leaving.signal });
  while (waiting.length < 1) await new Promise((resolve) => setImmediate(resolve));
  leaving.abort();
  await assert.rejects(held);
  while (server.inFlight.count() > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await post(`${server.url}/api/v1/echo`, '{"text":"a"}')).status, 200);
  open();
});

test('headers that drip are cut off with 408', async () => {
  const server = await serve({ headers_ms: 200 });
  const response = await raw(server.port, 'GET /plain HTTP/1.1\r\nHost: x\r\nX-Slow');
  assert.match(response, /^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/);
});

test('bodies that are unfinished when time is up get 503, and everything else finishes', async () => {
  const { route, waiting, open } = gate();
  const server = await serve({}, [route]);
  const held = fetch(`${server.url}/api/v1/wait`);
  const head =
    'POST /api/v1/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n';
  const slow = raw(server.port, `${head}{"te`);
  while (waiting.length < 1 || server.inFlight.count() < 2)
    await new Promise((resolve) => setImmediate(resolve));
  server.startDraining();
  const closed = server.app.close();
  assert.equal(server.inFlight.refuseUnfinishedBodies(), 1);
  assert.match(await slow, /^HTTP\/1\.1 503 [\s\S]*retry-after: 1[\s\S]*"code":"unavailable"/i);
  open();
  const response = await held;
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('connection'), 'close');
  await closed;
  await assert.rejects(fetch(`${server.url}/plain`));
});

test('a connection on which more requests wait than may is cut, and leaves nothing behind', async () => {
  const server = await serve({ pipelined: 4 });
  const get = 'GET /api/v1/page HTTP/1.1\r\nHost: x\r\n\r\n';
  const last = 'GET /api/v1/page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  const served = await raw(server.port, get.repeat(3) + last);
  assert.equal(served.match(/HTTP\/1\.1 200 /g)?.length, 4);
  const cut = await raw(server.port, get.repeat(1_000) + last);
  assert.ok((cut.match(/HTTP\/1\.1 200 /g)?.length ?? 0) <= 4);
  while (server.inFlight.count() > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await fetch(`${server.url}/plain`)).status, 200);
});
