/** One process from its first line to its last: how it is told what to do, what it says, and how it stops. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect as connectTo } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { connect, eventually, signUp } from '../support/client.ts';
import { MAIN, READY, run, type Server, startServer, temporaryData } from '../support/server.ts';

const started: { kill(): Promise<void> }[] = [];
const directories: { remove(): void }[] = [];
after(async () => {
  await Promise.all(started.map((server) => server.kill()));
  for (const directory of directories) directory.remove();
});

function newData(): string {
  const directory = temporaryData();
  directories.push(directory);
  return directory.data;
}

async function start(options: Parameters<typeof startServer>[0]): Promise<Server> {
  const server = await startServer(options);
  started.push(server);
  return server;
}

/** Runs `serve` where it must refuse, and gives what it said. */
async function refused(args: string[], env: Record<string, string> = {}) {
  const running = run(process.execPath, [MAIN, 'serve', ...args], { env });
  const { code } = await running.exited;
  return { code, said: running.stderr() };
}

describe('a server that was just started', () => {
  test('says where it is, where its docs and data are, what to try, and how to see more; and is ready', async () => {
    const data = newData();
    const server = await start({ data });
    const said = server.stderr();
    assert.match(server.url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    assert.ok(said.includes(`docs  ${server.url}/docs\n`), said);
    assert.ok(said.includes(`data  ${data}\n`), said);
    assert.match(said, /npm run demo/);
    assert.equal((await fetch(`${server.url}/docs`)).status, 200);
    const [, tried] = /try {3}curl '([^']+)'/.exec(said)!;
    const answer = await fetch(tried!);
    assert.equal(answer.status, 200);
    assert.deepEqual(await answer.json(), { tweets: [], users: {}, nextCursor: null });
    for (const path of ['live', 'ready']) {
      const health = await fetch(`${server.url}/health/${path}`);
      assert.equal(health.status, 200);
      assert.deepEqual(await health.json(), { status: path });
    }
    assert.ok(existsSync(join(data, 'tweets.db')));
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
  });

  test('takes port, host and data from the environment, and from its options before that', async () => {
    const [fromEnv, fromOption] = [newData(), newData()];
    const env = { WARBLE_PORT: '1', WARBLE_HOST: 'localhost', WARBLE_DATA: fromEnv };
    const first = run(process.execPath, [MAIN, 'serve', '--port', '0'], { env });
    const [, url] = await first.said(READY);
    assert.match(url!, /^http:\/\/localhost:/);
    assert.ok(existsSync(join(fromEnv, 'tweets.db')));
    first.child.kill('SIGTERM');
    assert.equal((await first.exited).code, 0);

    const { port } = new URL(url!);
    const second = run(process.execPath, [MAIN, 'serve', '--host', '127.0.0.1', '--data', fromOption], {
      env: { ...env, WARBLE_PORT: port },
    });
    assert.equal((await second.said(READY))[1], `http://127.0.0.1:${port}`);
    assert.ok(existsSync(join(fromOption, 'tweets.db')));
    second.child.kill('SIGINT');
    assert.equal((await second.exited).code, 0);
  });
});

describe('a server that cannot start says why and what to do in one line, and ends with 1', () => {
  test('its port is in use, or its data are', async () => {
    const data = newData();
    const server = await start({ data });
    const { port } = new URL(server.url);
    const takenPort = await refused(['--port', port, '--data', newData()]);
    assert.deepEqual(takenPort, {
      code: 1,
      said: `warble: port ${port} on 127.0.0.1 is in use; stop what uses it, or give another with --port (0: any free one).\n`,
    });
    const takenData = await refused(['--port', '0', '--data', data]);
    assert.deepEqual(takenData, {
      code: 1,
      said: `warble: the data in ${data} are in use by process ${server.pid}; stop it, or give another directory with --data.\n`,
    });
    await server.kill();
    const next = await start({ data });
    assert.equal((await next.stop()).code, 0, 'what a killed process held is free');
  });

  test('its directory cannot be made, or what is in it is damaged', async () => {
    const damaged = newData();
    await (await start({ data: damaged })).stop();
    writeFileSync(join(damaged, 'tweets.db'), 'this was a database, once. '.repeat(100));
    const noFolder = newData();
    mkdirSync(noFolder, { recursive: true });
    writeFileSync(join(noFolder, 'media'), '');
    const dangling = `${newData()}-link`;
    symlinkSync(newData(), dangling);
    const bad: [string, RegExp][] = [
      [dangling, /--data .* cannot be used/],
      [damaged, /tweets\.db is damaged, .*restore a backup/],
      [noFolder, /media cannot be made/],
    ];
    // No directory can be made there, though the one above it exists.
    if (process.platform === 'linux') bad.push(['/proc/warble', /--data .* cannot be used/]);
    const answers = bad.map(async ([data, reason]) => {
      const { code, said } = await refused(['--port', '0', '--data', data]);
      assert.equal(code, 1, said);
      assert.match(said, reason);
      assert.match(said, /^warble: [^\n]+\n$/, 'one line');
    });
    await Promise.all(answers);
  });

  test('an option is unknown or a setting is bad', async () => {
    const bad: [string[], Record<string, string>, RegExp][] = [
      [['--prot', '1'], {}, /Unknown option '--prot'.*--port/],
      [['here'], {}, /Unexpected argument 'here'/],
      [['--port', 'http'], {}, /--port \(WARBLE_PORT\) is "http".*65535/],
      [['--port', '65536'], {}, /--port \(WARBLE_PORT\) is "65536"/],
      [
        ['--host', '192.0.2.1', '--port', '0', '--data', newData()],
        {},
        /--host .*192\.0\.2\.1 is not an address/,
      ],
      [['--data', join(MAIN, 'data')], {}, /--data .* cannot be used/],
      [[], { WARBLE_RATE_LIMITS: 'none' }, /WARBLE_RATE_LIMITS is "none"; it takes on or off/],
      [['--host', '0.0.0.0'], { WARBLE_RATE_LIMITS: 'off' }, /WARBLE_RATE_LIMITS=off is refused/],
      [[], { WARBLE_PROT: '1' }, /WARBLE_PROT is not a setting; did you mean WARBLE_PORT\?/],
      [[], { WARBLE_TRUSTED_PROXY: '::1' }, /did you mean WARBLE_TRUSTED_PROXIES\?/],
      [
        [],
        { WARBLE_RATE_LIMITS: 'off', WARBLE_TRUSTED_PROXIES: '::1' },
        /off is refused while WARBLE_TRUSTED_PROXIES/,
      ],
      [
        [],
        { WARBLE_RATE_LIMITS: 'off', WARBLE_PUBLIC_URL: 'https://w.example' },
        /refused while WARBLE_PUBLIC_URL/,
      ],
      [[], { WARBLE_LOG_LEVEL: 'loud' }, /WARBLE_LOG_LEVEL is "loud"/],
      [[], { WARBLE_METRICS_TOKEN: 'short' }, /WARBLE_METRICS_TOKEN is too short/],
      [[], { WARBLE_TRUSTED_PROXIES: '10.0.0.0/33' }, /WARBLE_TRUSTED_PROXIES: "10\.0\.0\.0\/33"/],
    ];
    const answers = bad.map(async ([args, env, reason]) => {
      const { code, said } = await refused(args, env);
      assert.equal(code, 1, said);
      assert.match(said, reason);
      assert.match(said, /^warble: [^\n]+\n$/, 'one line');
    });
    await Promise.all(answers);
  });
});

describe('a server that is told to stop', () => {
  test('ends streams at once, finishes what is under way, refuses what never comes, and keeps everything', async () => {
    const data = newData();
    const server = await start({ data });
    const url = () => server.url;
    const ada = await signUp(url, 'ada');
    const { tweetId } = await ada.post('/postTweet', { content: 'before' });
    const stream = await fetch(`${server.url}/api/v1/stream`, {
      headers: { authorization: `Bearer ${ada.token}` },
    });
    const streamEnds = stream.text().then(() => performance.now());
    const late = await slowPost(server, ada.token, 'in two pieces');
    const never = await slowPost(server, ada.token, 'never whole');

    const told = performance.now();
    process.kill(server.pid, 'SIGTERM');
    process.kill(server.pid, 'SIGTERM');
    assert.ok((await streamEnds) - told < 4_000, 'the stream ends at once, not with the last request');
    await assert.rejects(fetch(`${server.url}/health/live`), 'nobody new is let in');
    late.finish();
    assert.match(await late.answer, /^HTTP\/1\.1 200 /);
    assert.match(await never.answer, /^HTTP\/1\.1 503 .*retry-after: \d+.*"code":"unavailable"/is);
    process.kill(server.pid, 'SIGTERM');
    assert.deepEqual(await server.exited, { code: 0, signal: null });
    const took_ms = performance.now() - told;
    assert.ok(
      took_ms > 4_500 && took_ms < 10_000,
      `the unfinished body got its 5 s, and no more: ${took_ms}`,
    );

    const again = await start({ data });
    const kept = await connect(() => again.url, ada.token).list('/me/tweets', 'tweets');
    assert.deepEqual(
      kept.map(({ content }) => content),
      ['in two pieces', 'before'],
    );
    assert.equal(kept[1].tweetId, tweetId);
    assert.equal((await again.stop()).code, 0);
  });

  test('ends with 0 also while it is still starting', async () => {
    const data = newData();
    const starting = run(process.execPath, [MAIN, 'serve', '--port', '0', '--data', data]);
    await eventually(async () => assert.ok(existsSync(join(data, 'pid'))));
    starting.child.kill('SIGTERM');
    assert.deepEqual(await starting.exited, { code: 0, signal: null });
  });
});

/** A post whose body comes in two pieces, the second when `finish` is called. */
async function slowPost(server: Server, token: string, content: string) {
  const body = JSON.stringify({ content });
  const socket = connectTo(Number(new URL(server.url).port), '127.0.0.1');
  let received = '';
  socket.setEncoding('utf8').on('data', (text) => {
    received += text;
  });
  const answer = once(socket, 'close').then(() => received);
  const before = await requestsInFlight(server);
  socket.write(
    `POST /api/v1/postTweet HTTP/1.1\r\nHost: warble\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
  );
  await eventually(async () => assert.equal(await requestsInFlight(server), before + 1));
  return { answer, finish: () => socket.write(body.slice(9)) };
}

async function requestsInFlight({ url }: Server): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^warble_http_requests_in_flight (\d+)$/m.exec(text)![1]);
}
