/**
 * The main thread, which answers everybody, never waits for the disk: under load no sync and no checkpoint is its own,
 * also where a log begins anew. And a sync that fails ends the process, with nobody answered.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { signUp, type User } from '../support/client.ts';
import { ROOT, run, type Server, startServer, temporaryData } from '../support/server.ts';
import { type Call, isSync, isWrite, pathOf, readTrace, tracing } from './strace.ts';

/** Not the lock of the data directory, which the main thread takes before and gives back after everything else. */
const isFile = (call: Call) => /(?<!\/lock)\.db$/.test(pathOf(call));
const isLog = (call: Call) => /\.db-wal$/.test(pathOf(call));

/** Calls of the main thread for which it waits for the disk of a database. */
function waits(trace: readonly Call[], main: number): Call[] {
  const ofMain = trace.filter(({ thread }) => thread === main);
  return ofMain.filter(
    (call) => (isSync(call) && (isFile(call) || isLog(call))) || (isWrite(call) && isFile(call)),
  );
}

describe('the trace of a server under load', () => {
  const { data, remove } = temporaryData();
  const file = `${data}.trace`;
  const BURSTS = 60;
  const MAX_CONCURRENT = 8;
  let server: Server;
  let trace: Call[];

  before(async () => {
    server = await startServer({ data, under: tracing(file), env: { WARBLE_RATE_LIMITS: 'off' } });
    const ada = await signUp(() => server.url, 'ada');
    await post(ada, 'the load begins');
    for (let burst = 0; burst < BURSTS; burst++) {
      const posts = Array.from({ length: MAX_CONCURRENT }, (_, i) =>
        post(ada, `${burst} ${i} ${'x'.repeat(120)}`),
      );
      await Promise.all([...posts, ada.get('/me/tweets'), ada.get('/me/tweets?followed=true')]);
    }
    await post(ada, 'the load ends');
    assert.equal((await server.stop()).code, 0);
    trace = readTrace(file);
  });
  after(async () => {
    await server.kill();
    rmSync(file, { force: true });
    remove();
  });

  async function post(user: User, content: string): Promise<void> {
    assert.equal((await user.send('POST', '/postTweet', { content })).status, 200);
  }
  const written = (content: string) =>
    trace.find((call) => isWrite(call) && isLog(call) && call.args.includes(content))!;

  test('its main thread commits, and syncs and checkpoints nothing', () => {
    const begin = written('the load begins');
    const end = written('the load ends');
    const load = trace.filter(({ began, ended }) => began > begin.ended && ended < end.began);
    const main = begin.thread;
    assert.ok(load.filter((call) => call.thread === main && isWrite(call) && isLog(call)).length > BURSTS);
    assert.ok(load.filter((call) => isSync(call) && isLog(call)).length > BURSTS, 'each group was synced');
    assert.deepEqual(waits(load, main), []);
  });

  test('nor does it when the server stops', () => {
    const end = written('the load ends');
    assert.deepEqual(
      waits(trace, end.thread).filter(({ began }) => began > end.ended),
      [],
    );
  });
});

describe('the trace of a database whose log begins anew under load', () => {
  const { data, remove } = temporaryData();
  const file = `${data}.trace`;
  after(() => {
    rmSync(file, { force: true });
    remove();
  });

  test('others than the main thread checkpoint it, begin its log anew, and sync the header', async () => {
    const [strace, ...words] = [
      ...tracing(file),
      process.execPath,
      join(import.meta.dirname, 'busy-log.ts'),
      data,
    ];
    const { exited, stderr } = run(strace!, words, { cwd: ROOT });
    assert.equal((await exited).code, 0, stderr());
    const trace = readTrace(file);
    const isMark = (call: Call) => isWrite(call) && /^\d+<[^>]*>, "mark/.test(call.args);
    const [begin, end] = trace.filter(isMark);
    assert.ok(begin !== undefined && end !== undefined);
    const load = trace.filter(({ began, ended }) => began > begin.ended && ended < end.began);
    const restarts = load.filter(
      (call) => isWrite(call) && isLog(call) && call.name === 'pwrite64' && / 32, 0$/.test(call.args),
    );
    assert.ok(restarts.length >= 3, `the log began anew ${restarts.length} times`);
    for (const restart of restarts) {
      assert.notEqual(restart.thread, begin.thread);
      const next = load.find((call) => isWrite(call) && isLog(call) && call.began > restart.ended);
      const synced = load.find((call) => isSync(call) && isLog(call) && call.began > restart.ended);
      assert.ok(next === undefined || synced!.ended < next.began, 'the header is synced before any page');
    }
    assert.ok(
      load.some((call) => isWrite(call) && isFile(call)),
      'pages reached the file',
    );
    assert.deepEqual(waits(load, begin.thread), []);
  });
});

describe('a server whose disk fails to sync', () => {
  const { data, remove } = temporaryData();
  const file = `${data}.trace`;
  let server: Server | undefined;
  after(async () => {
    await server?.kill();
    rmSync(file, { force: true });
    remove();
  });

  test('ends at once; what it answered before is there, and nothing else was answered', async () => {
    const failing = ['-e', 'inject=fdatasync:error=EIO:when=40+'];
    server = await startServer({ data, under: tracing(file, failing), env: { WARBLE_RATE_LIMITS: 'off' } });
    const ada = await signUp(() => server!.url, 'ada');
    const kept: string[] = [];
    await assert.rejects(async () => {
      for (let i = 0; i < 200; i++) {
        const { status, body } = await ada.send('POST', '/postTweet', { content: `post ${i}` });
        assert.equal(status, 200);
        kept.push(body.tweetId);
      }
    }, /fetch failed/);
    const failed = readTrace(file).find(({ name, result }) => name === 'fdatasync' && result === -1);
    assert.ok(failed !== undefined);
    await server.exited;
    server = await startServer({ data });
    const found = (await ada.list('/me/tweets', 'tweets')).map(({ tweetId }) => tweetId);
    assert.ok(kept.length > 0);
    // One more may be there: it was written, and nobody was told.
    assert.deepEqual(kept.toReversed(), found.slice(found.length - kept.length));
    assert.ok(found.length <= kept.length + 1);
  });
});
