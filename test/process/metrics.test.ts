/** What a running server tells of itself, and of how it is reached. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, signUp } from '../support/client.ts';
import { type Server, startServer, temporaryData } from '../support/server.ts';

describe('the metrics of a process', () => {
  const { data, remove } = temporaryData();
  let server: Server;
  before(async () => {
    server = await startServer({
      data,
      env: {
        WARBLE_RATE_LIMITS: 'on',
        WARBLE_PUBLIC_URL: 'https://warble.example',
        WARBLE_METRICS_PORT: '0',
      },
    });
  });
  after(async () => {
    await server.kill();
    remove();
  });
  const metricsUrl = () => / {2}metrics {2}(\S+)\n/.exec(server.stderr())![1]!;
  const read = async () => await (await fetch(metricsUrl())).text();
  const value = (text: string, series: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.slice(series.length + 1),
    );

  test('are on a port of their own, and of the public one only with the token', async () => {
    assert.match(metricsUrl(), /^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    assert.notEqual(new URL(metricsUrl()).port, new URL(server.url).port);
    assert.equal((await fetch(`${server.url}/metrics`)).status, 401);
    assert.ok(server.stderr().includes('site  https://warble.example\n'), server.stderr());
    assert.ok(server.stderr().includes('docs  https://warble.example/docs\n'));
  });

  test('tell of the event loop, garbage collection, heap, disk, logs to be written, and streams', async () => {
    const ada = await signUp(() => server.url, 'ada');
    await ada.post('/postTweet', { content: 'hello' });
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${ada.token}` };
    await fetch(`${server.url}/api/v1/stream`, { headers, signal: leaving.signal });
    const text = await read();
    for (const name of [
      'nodejs_eventloop_lag_p99_seconds',
      'nodejs_heap_size_used_bytes',
      'process_resident_memory_bytes',
      'warble_disk_free_bytes',
      'warble_disk_size_bytes',
    ]) {
      assert.ok(value(text, name) > 0, name);
    }
    assert.match(text, /^# TYPE nodejs_gc_duration_seconds histogram$/m);
    assert.equal(value(text, 'warble_streams'), 1);
    const bytes = value(text, 'warble_database_bytes{database="tweets"}');
    assert.equal(bytes, statSync(join(data, 'tweets.db')).size);
    assert.ok(value(text, 'warble_database_wal_bytes{database="tweets"}') > 0);
    leaving.abort();
    await eventually(async () => assert.equal(value(await read(), 'warble_streams'), 0));
  });

  test('are counters where they count: they end in _total, and only grow', async () => {
    const text = await read();
    const typed = [...text.matchAll(/^# TYPE (warble_\S+) (\w+)$/gm)];
    assert.ok(typed.length > 5);
    for (const [, name, type] of typed)
      assert.equal(name?.endsWith('_total'), type === 'counter', String(name));
    const bob = await signUp(() => server.url, 'bob');
    await bob.post('/postTweet', { content: 'again' });
    for (let i = 0; i < 50; i++) await bob.get('/me/profile');
    const lookups = (seen: string) =>
      [...seen.matchAll(/^warble_cache_lookups_total\{.*\} (\d+)$/gm)]
        .map(([, count]) => Number(count))
        .reduce((all, some) => all + some);
    const [first, second] = [await read(), await read()];
    assert.ok(lookups(first) >= lookups(text) + 50, first);
    // What is read twice is not counted twice.
    assert.ok(lookups(second) >= lookups(first) && lookups(second) < 1.5 * lookups(first), second);
  });
});

test('a server that other machines reach without a proxy says so in its log, once', async (context) => {
  const { data, remove } = temporaryData();
  const server = await startServer({
    data,
    args: ['--host', '0.0.0.0'],
    env: { WARBLE_RATE_LIMITS: 'on' },
  });
  context.after(async () => {
    await server.kill();
    remove();
  });
  const lines = server
    .stdout()
    .split('\n')
    .filter((line) => line.includes('no proxy is named'));
  assert.equal(lines.length, 1);
  assert.match(JSON.parse(lines[0]!).msg, /the server listens on 0\.0\.0\.0 .* WARBLE_TRUSTED_PROXIES/);
});
