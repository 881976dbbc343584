/**
 * A fuzzer that reads the OpenAPI document makes requests of every shape, right and wrong, and holds each answer to
 * the document: no 5xx, no status, media type, header or body that is not written there, nothing wrong let in,
 * nothing open that needs a token. WARBLE_FUZZ_SECONDS makes it longer, WARBLE_FUZZ_SEED other.
 */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { signUp, type User } from '../support/client.ts';
import { MAIN, ROOT, run, type Server, startServer, temporaryData } from '../support/server.ts';

const SECONDS = Number(process.env.WARBLE_FUZZ_SECONDS ?? 75);
const SEED = process.env.WARBLE_FUZZ_SEED ?? '1';
const TOOLS = join(ROOT, '.cache/fuzzer/bin');
/** They end the very session that the fuzzer acts in, so they have a run of their own. */
const ENDING = ['logOut', 'endSession'];
/** Its answer has no end, which the fuzzer would wait for. */
const ENDLESS = 'openStream';

function tool(name: string): string {
  const path = join(TOOLS, name);
  if (!existsSync(path))
    throw new Error('this test needs its fuzzer: run scripts/install-fuzzer.sh (Python 3.10 or newer).');
  return path;
}

describe('the OpenAPI document of a running server', () => {
  const { data, remove } = temporaryData();
  let server: Server;
  let ada: User;
  before(async () => {
    server = await startServer({ data });
    ada = await signUp(() => server.url, 'ada');
    const bob = await signUp(() => server.url, 'bob');
    for (let i = 0; i < 5; i++) {
      const { tweetId } = await bob.post('/postTweet', { content: `Something to meet ${i} #fuzz @ada` });
      await ada.post('/like', { tweetId });
      await bob.post('/comment', { tweetId, content: 'And something about it' });
    }
    await ada.post('/follow', { userId: bob.id });
    await bob.post('/follow', { userId: ada.id });
    await bob.post('/report', { userId: ada.id, reason: 'something to resolve' });
    const args = ['make-moderator', 'ada', '--reason', 'to meet those calls too', '--data', data];
    const made = run(process.execPath, [MAIN, 'admin', ...args]);
    assert.equal((await made.exited).code, 0, made.stderr());
  });
  after(async () => {
    await server.kill();
    remove();
  });

  async function fuzz(user: User, args: string[]): Promise<void> {
    const running = run(
      tool('schemathesis'),
      [
        ...[
          '--config-file',
          join(import.meta.dirname, 'schemathesis.toml'),
          'run',
          `${server.url}/openapi.json`,
        ],
        ...['--header', `Authorization: Bearer ${user.token}`, '--seed', SEED, '--no-shrink'],
        ...['--suppress-health-check', 'all', '--warnings', 'off', '--request-timeout', '20', ...args],
      ],
      // It keeps notes of its own where it runs.
      { cwd: dirname(data), env: { NO_COLOR: '1', COLUMNS: '160' } },
    );
    const { code } = await running.exited;
    assert.equal(code, 0, `${running.stdout()}\n${running.stderr()}`);
  }

  test('is valid', async () => {
    const file = `${data}.openapi.json`;
    const document = await (await fetch(`${server.url}/openapi.json`)).text();
    writeFileSync(file, document);
    const running = run(tool('openapi-spec-validator'), ['--schema', '3.1', file]);
    assert.equal((await running.exited).code, 0, running.stdout() + running.stderr());
  });

  test('is kept by every call', async () => {
    const left = [...ENDING, ENDLESS].flatMap((name) => ['--exclude-operation-id', name]);
    const session = await ada.get('/sessions');
    await fuzz(ada, ['--phases', 'examples,coverage,fuzzing', '--max-time', String(SECONDS), ...left]);
    await fuzz(ada, ['--phases', 'stateful', '--max-time', String(Math.ceil(SECONDS / 2)), ...left]);
    assert.equal(
      (await ada.get('/sessions')).sessions.length,
      session.sessions.length,
      'it was signed in all along',
    );
  });

  test('is kept by the calls that end a session', async () => {
    const cat = await signUp(() => server.url, 'cat');
    const only = ENDING.flatMap((name) => ['--include-operation-id', name]);
    await fuzz(cat, ['--phases', 'examples,coverage', ...only]);
  });

  test('nothing unexpected happened inside meanwhile', async () => {
    const { code } = await server.stop();
    assert.equal(code, 0);
    assert.equal(server.stdout(), '', 'no error was logged');
  });
});
