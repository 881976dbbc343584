/** What is missing from a data directory, as a process meets it that starts on what a host left there. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DERIVED_FILES, FACTS_FILES, MEDIA_DIRECTORY } from '#system/data-files.ts';
import { MANIFEST_FILE } from '#system/manifest.ts';
import { eventually, signUp } from '../support/client.ts';
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

async function start(data: string): Promise<Server> {
  const server = await startServer({ data });
  started.push(server);
  return server;
}

async function assertRefused(data: string, reason: RegExp): Promise<void> {
  for (const command of [
    ['serve', '--port', '0'],
    ['admin', 'suspend', 'ada', '--reason', 'test'],
  ]) {
    const running = run(process.execPath, [MAIN, ...command, '--data', data]);
    const { code } = await running.exited;
    assert.equal(code, 1, running.stderr());
    assert.match(running.stderr(), reason);
    assert.match(running.stderr(), /^warble: [^\n]+\n$/, 'one line');
  }
}

function databasesIn(data: string): string[] {
  return readdirSync(data)
    .filter((name) => name.endsWith('.db') && name !== 'lock.db')
    .sort();
}

test('a server whose accounts are gone does not start, until they are back; what is derived may be gone', async () => {
  const data = newData();
  let server = await start(data);
  const ada = await signUp(() => server.url, 'ada');
  const { tweetId } = await ada.post('/postTweet', { content: 'still here' });
  await server.stop();
  assert.deepEqual(
    databasesIn(data),
    [...FACTS_FILES, ...DERIVED_FILES].sort(),
    'every file is facts or derived',
  );
  assert.ok(existsSync(join(data, MEDIA_DIRECTORY)));

  renameSync(join(data, 'gateway.db'), join(data, 'elsewhere'));
  await assertRefused(data, /gateway\.db is missing, .*put it back, or restore a backup/);
  assert.ok(!existsSync(join(data, 'gateway.db')));

  renameSync(join(data, 'elsewhere'), join(data, 'gateway.db'));
  for (const name of DERIVED_FILES) rmSync(join(data, name));
  server = await start(data);
  await eventually(async () => {
    const { tweets } = await ada.get('/tweets');
    assert.deepEqual(
      tweets.map((tweet: { tweetId: string }) => tweet.tweetId),
      [tweetId],
    );
  });
  assert.equal((await server.stop()).code, 0);
});

test('a server that is killed while it makes its files starts on them', async () => {
  for (const moment of [
    'lock.db',
    MANIFEST_FILE,
    'tweets.db',
    'gateway.db',
    MEDIA_DIRECTORY,
    'top-lists.db',
  ]) {
    const data = newData();
    const running = run(process.execPath, [MAIN, 'serve', '--port', '0', '--data', data]);
    await eventually(async () => assert.ok(existsSync(join(data, moment)), moment));
    running.child.kill('SIGKILL');
    await running.exited;
    assert.equal((await (await start(data)).stop()).code, 0);
  }
});

test('a demo that was stopped while it was being checked is whole, and the next one serves it', async () => {
  const data = newData();
  const demo = (...args: string[]) =>
    run(process.execPath, [
      MAIN,
      'demo',
      '--port',
      '0',
      '--data',
      data,
      '--people',
      '60',
      '--tweets',
      '300',
      ...args,
    ]);
  const checked = demo('--check');
  await checked.said(/checking: 10%/);
  checked.child.kill('SIGTERM');
  await checked.exited;
  assert.doesNotMatch(checked.stderr(), READY);
  const next = demo();
  started.push({ kill: async () => void next.child.kill('SIGKILL') });
  await next.said(READY);
  next.child.kill('SIGTERM');
  assert.equal((await next.exited).code, 0);
});

test('nobody else on the machine may read what is in a directory that was open, and its host is told', {
  skip: process.platform === 'win32' && 'Windows has other rights',
}, async () => {
  const data = newData();
  mkdirSync(data);
  chmodSync(data, 0o755);
  const server = await start(data);
  await signUp(() => server.url, 'ada');
  const files = readdirSync(data, { recursive: true, encoding: 'utf8' });
  assert.ok(files.includes('tweets.db-wal'), files.join());
  for (const name of files) assert.equal(statSync(join(data, name)).mode & 0o077, 0, name);
  await server.stop();
  assert.match(server.stdout(), /others on this machine have rights on .*mode 755.*chmod -R go-rwx/);

  chmodSync(data, 0o700);
  const closed = await start(data);
  await closed.stop();
  assert.doesNotMatch(closed.stdout(), /others on this machine/);
});
