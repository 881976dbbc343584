import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { platform } from 'node:os';
import { type TestContext, test } from 'node:test';
import { Type } from 'typebox';
import { Nothing, strictObject } from '#gateway/schemas/common.ts';
import { createManualClock } from '#platform/clock.ts';
import type { Json } from '../json.ts';
import { defineRoute, rawJson } from '../route.ts';
import { serve } from '../testing/server.ts';

const MIB = 1024 * 1024;
const big = defineRoute({
  method: 'GET',
  path: '/big',
  auth: 'none',
  rateLimit: 'read',
  operationId: 'big',
  tag: 'Test',
  summary: 'Answers with more than a connection holds',
  response: Nothing,
  handler: async () => rawJson(' '.repeat(32 * MIB) as Json<object>),
});
const half = defineRoute({
  method: 'GET',
  path: '/half',
  auth: 'none',
  rateLimit: 'read',
  operationId: 'half',
  tag: 'Test',
  summary: 'Answers with what the kernel takes at once',
  response: Nothing,
  handler: async () => rawJson(' '.repeat(MIB / 2) as Json<object>),
});
const long = defineRoute({
  method: 'POST',
  path: '/long',
  auth: 'none',
  rateLimit: 'write',
  operationId: 'long',
  tag: 'Test',
  summary: 'Takes a long text',
  bodyLimit_bytes: 2 * MIB,
  body: strictObject({ text: Type.String() }),
  response: strictObject({ length: Type.Integer() }),
  handler: async ({ body }) => ({ length: body.text.length }),
});

/** A server whose clock stands still, and a client of it with the server's end of the connection. */
async function open(t: TestContext) {
  const clock = createManualClock(0);
  const server = await serve({}, [big, half, long], { clock });
  const accepted = once(server.app.server, 'connection') as Promise<[Socket]>;
  const client = connect(server.port, '127.0.0.1');
  t.after(() => client.destroy());
  client.on('error', () => {});
  let received = '';
  const closed = new Promise((resolve) => client.once('close', resolve));
  const [ours] = await accepted;
  return {
    server,
    client,
    ours,
    closed,
    listen: () =>
      client.on('data', (chunk) => {
        received += chunk;
      }),
    received: () => received,
    async second() {
      clock.advance(1_000);
      for (const worker of server.workers) while (await worker.step());
    },
    cuts: async () => (await server.metrics.registry.metrics()).match(/connections_cut_total\{.*/g) ?? [],
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until the kernels have all that they take. */
async function full(socket: Socket): Promise<void> {
  await until(() => socket.bytesWritten > 0);
  let written = 0;
  for (let turns = 0; turns < 100; turns++) {
    if (socket.bytesWritten !== written) turns = 0;
    written = socket.bytesWritten;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const headOf = (bytes: number) =>
  `POST /api/v1/long HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`;

test('a body that comes byte by byte is answered 408 after the time of grace, and cut', async (t) => {
  const { server, client, ours, closed, listen, received, second, cuts } = await open(t);
  listen();
  client.write(headOf(1_000));
  await until(() => server.inFlight.count() === 1);
  let seconds = 0;
  for (; !ours.destroyed && seconds < 60; seconds++) {
    const before = ours.bytesRead;
    client.write(' ');
    await until(() => ours.bytesRead > before);
    await second();
    if (ours.writableEnded) break;
  }
  assert.equal(seconds, 11);
  await closed;
  assert.match(received(), /^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/);
  assert.deepEqual(await cuts(), ['connections_cut_total{reason="sending"} 1']);
});

test('a body on a slow line, 12 KB a second, goes on as long as it takes', async (t) => {
  const { client, ours, listen, received, second } = await open(t);
  listen();
  const body = JSON.stringify({ text: 'x'.repeat(MIB) });
  client.write(headOf(body.length));
  for (let at = 0; at < body.length; at += 12_000) {
    const before = ours.bytesRead;
    const part = body.slice(at, at + 12_000);
    client.write(part);
    await until(() => ours.bytesRead >= before + part.length);
    await second();
  }
  await until(() => received().includes('"length"'));
  assert.match(received(), /^HTTP\/1\.1 200 /);
});

test('a body is cut too whose request was answered before it came', async (t) => {
  const { client, ours, closed, listen, received, second } = await open(t);
  listen();
  client.write('POST /api/v1/nothing/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n');
  await until(() => received().includes('401'));
  for (let seconds = 0; !ours.destroyed && seconds < 60; seconds++) await second();
  assert.ok(ours.destroyed);
  await closed;
});

test('a response that its client does not read is cut after the time of grace, and gives its permit back', async (t) => {
  const { server, client, ours, second, cuts } = await open(t);
  client.pause();
  client.write('GET /api/v1/big HTTP/1.1\r\nHost: x\r\n\r\n');
  await full(ours);
  let seconds = 0;
  for (; !ours.destroyed && seconds < 60; seconds++) await second();
  // Its kernel takes some hundred kilobytes by itself.
  assert.ok(seconds <= 40, `after ${seconds} s`);
  await until(() => server.inFlight.count() === 0);
  assert.deepEqual(await cuts(), ['connections_cut_total{reason="taking"} 1']);
});

test('a response is written in chunks, so that what has been taken can be seen', async (t) => {
  const { client, ours, received, listen } = await open(t);
  client.pause();
  client.write('GET /api/v1/big HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => ours.writableLength > 0);
  assert.ok(ours.writableLength <= 65 * 1024, `${ours.writableLength} bytes in one write`);
  listen();
  client.resume();
  await until(() => received().length > 32 * MIB);
});

test('a response that is taken slowly, 12 KB a second, goes on', {
  skip: platform() !== 'linux',
}, async (t) => {
  const { server, client, ours, second } = await open(t);
  client.pause();
  client.write('GET /api/v1/big HTTP/1.1\r\nHost: x\r\n\r\n');
  await full(ours);
  let taken = 0;
  client.on('data', (chunk) => {
    taken += chunk.length;
    client.pause();
  });
  for (let seconds = 0; seconds < 120; seconds++) {
    while (taken < seconds * 12_000) {
      const before = taken;
      client.resume();
      await until(() => taken > before);
    }
    await second();
    assert.ok(!ours.destroyed, `cut after ${seconds} s`);
  }
  assert.equal(server.inFlight.count(), 1);
});

test('what lies in the send buffer of the kernel alone is cut too', {
  skip: platform() !== 'linux',
}, async (t) => {
  const { server, client, ours, second, cuts } = await open(t);
  client.pause();
  client.write('GET /api/v1/half HTTP/1.1\r\nHost: x\r\n\r\n');
  await full(ours);
  assert.equal(server.inFlight.count(), 0);
  let seconds = 0;
  for (; !ours.destroyed && seconds < 60; seconds++) await second();
  assert.ok(ours.destroyed);
  assert.deepEqual(await cuts(), ['connections_cut_total{reason="taking"} 1']);
});

test('a connection on which nothing waits is not cut', async (t) => {
  const { client, ours, listen, received, second } = await open(t);
  listen();
  client.write('GET /plain HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => received().includes('200'));
  for (let seconds = 0; seconds < 60; seconds++) await second();
  assert.ok(!ours.destroyed);
});
