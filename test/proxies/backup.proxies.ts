/** What the nightly timer runs: a backup of a server that serves, and the oldest ones gone. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { connect, signUp } from '../support/client.ts';
import { MAIN, ROOT, run, startServer, temporaryData } from '../support/server.ts';

const directory = mkdtempSync(join(tmpdir(), 'warble-backups-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** Runs the script as the unit does. */
async function backUp(data: string, ...args: string[]) {
  // The script calls whatever node is on the path.
  const env = { WARBLE_DATA: data, PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}` };
  const running = run(join(ROOT, 'deploy/backup.sh'), args, { env });
  const { code } = await running.exited;
  return { code, said: running.stderr() + running.stdout() };
}

test('a backup is made while the server serves, and the newest are kept', async (context) => {
  const { data, remove } = temporaryData();
  const server = await startServer({ data });
  context.after(async () => {
    await server.kill();
    remove();
  });
  const ann = await signUp(() => server.url, 'ann');
  await ann.post('/postTweet', { content: 'kept' });
  const backups = join(directory, 'backups');
  const before = ['2020-01-01T000000Z', '2021-01-01T000000Z', '2021-01-01T000000Z-notes', 'trial'];
  mkdirSync(join(backups, '2021-02-01T000000Z.partial'), { recursive: true });
  for (const name of before) mkdirSync(join(backups, name), { recursive: true });

  const { code, said } = await backUp(data, backups, '2');
  assert.equal(code, 0, said);
  const names = readdirSync(backups).filter((name) => !before.includes(name));
  assert.equal(names.length, 1);
  assert.match(names[0]!, /^\d{4}-\d\d-\d\dT\d{6}Z$/);
  assert.deepEqual(readdirSync(backups).sort(), [...before.slice(1), names[0]!].sort());
  assert.equal(statSync(join(backups, names[0]!)).mode & 0o077, 0, 'it is for its owner alone');

  const restored = join(directory, 'restored');
  const args = [MAIN, 'admin', 'restore', join(backups, names[0]!), '--data', restored];
  const restoring = run(process.execPath, args);
  assert.equal((await restoring.exited).code, 0, restoring.stderr());
  const again = await startServer({ data: restored });
  context.after(() => again.kill());
  const tweets = await connect(() => again.url, ann.token).list('/me/tweets', 'tweets');
  assert.deepEqual(
    tweets.map(({ content }) => content),
    ['kept'],
  );
});

test('where no backup can be made, it fails and removes nothing', async () => {
  const backups = join(directory, 'others');
  const before = ['2020-01-01T000000Z', '2021-01-01T000000Z'];
  for (const name of before) mkdirSync(join(backups, name), { recursive: true });
  const { code, said } = await backUp(join(directory, 'no-data'), backups, '1');
  assert.equal(code, 1, said);
  assert.match(said, /no-data/);
  assert.deepEqual(readdirSync(backups).sort(), before);
  assert.ok(!readdirSync(directory).includes('no-data'));
  for (const args of [[], [backups], [backups, '0'], [backups, 'x'], ['', '7']]) {
    const wrong = await backUp(join(directory, 'no-data'), ...args);
    assert.equal(wrong.code, 1);
    assert.match(wrong.said, /^usage: backup\.sh DIRECTORY KEEP/);
  }
});
