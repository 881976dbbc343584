import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { openApi } from './testing/gateway.ts';

test('told to stop, the gateway ends streams at once, waits 5 s for bodies, then answers them 503', async () => {
  const api = await openApi();
  const ada = await api.someone('ada');
  const headers = { authorization: `Bearer ${ada.token}` };
  const stream = await fetch(`${api.url}/api/v1/stream`, { headers });
  const reading = stream.text();

  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  const head = `POST /api/v1/postTweet HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada.token}\r\nContent-Length: 99\r\n\r\n`;
  socket.write(`${head}{"content":`);
  const inFlight = async () =>
    /warble_http_requests_in_flight (\d+)/.exec(await api.registry.metrics())?.[1] === '1';
  while (!(await inFlight())) await new Promise((resolve) => setImmediate(resolve));

  const stopped = api.stop();
  assert.equal(api.stop(), stopped, 'again: the same');
  await reading;
  await assert.rejects(fetch(`${api.url}/health/live`), 'nobody new is let in');
  assert.equal(received, '', 'the body may still come');

  const closed = once(socket, 'close');
  api.clock.advance(5_000);
  await closed;
  assert.match(received, /^HTTP\/1\.1 503 /);
  assert.match(received, /\r\nconnection: close\r\n/i);
  assert.match(received, /"code":"unavailable"/);
  await stopped;
  await api.close();
});

test('a body that comes whole within 5 s is answered, and kept', async () => {
  const api = await openApi();
  const ada = await api.someone('ada');
  const body = JSON.stringify({ content: 'just in time' });
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.write(
    `POST /api/v1/postTweet HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada.token}\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
  );
  const inFlight = async () =>
    /warble_http_requests_in_flight (\d+)/.exec(await api.registry.metrics())?.[1] === '1';
  while (!(await inFlight())) await new Promise((resolve) => setImmediate(resolve));
  const stopped = api.stop();
  socket.write(body.slice(5));
  await once(socket, 'close');
  assert.match(received, /^HTTP\/1\.1 200 /);
  await stopped;
  const { ids } = await api.system.services.tweets.byAuthor({
    author: Number(ada.id),
    before: null,
    limit: 5,
  });
  assert.equal(ids.length, 1);
  await api.close();
});

test('responses that clients do not read do not keep it from stopping', async () => {
  const api = await openApi();
  const sockets = Array.from({ length: 3 }, () => connect(Number(new URL(api.url).port), '127.0.0.1'));
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.pause();
    // More than both kernels hold.
    socket.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(90));
  }
  const open = async () => /warble_http_connections (\d+)/.exec(await api.registry.metrics())?.[1] === '3';
  while (!(await open())) await new Promise((resolve) => setImmediate(resolve));
  let stopped = false;
  const stop = api.stop().then(() => {
    stopped = true;
  });
  while (!stopped) {
    api.clock.advance(500);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await stop;
  for (const socket of sockets) socket.destroy();
  await api.close();
});
