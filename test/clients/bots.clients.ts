/**
 * The bots of docs/clients.md, as they stand there, with clients generated from the running server's own document:
 * they compile, post a picture, like a home of two pages, and miss nothing while their stream is cut off.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { eventually, signUp, type User } from '../support/client.ts';
import { ROOT, type Running, run, type Server, startServer, temporaryData } from '../support/server.ts';
import { type CutOff, cutOffFrom } from './cut-off.ts';

const DOCS = readFileSync(join(ROOT, 'docs/clients.md'), 'utf8');
const TOOLS = join(ROOT, '.cache/generators');
const PYTHON_TOOLS = join(TOOLS, 'bin');
const PATIENCE_MS = 60_000;
/** More than one page of 100. */
const TWEETS = 105;

/** The one example in that language. */
function codeIn(language: string): string {
  const found = [...DOCS.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, name]) => name === language);
  assert.equal(found.length, 1, `${language} in docs/clients.md`);
  return found[0]![2]!;
}

describe('the bots of docs/clients.md', () => {
  const { data, remove } = temporaryData();
  const directory = mkdtempSync(join(tmpdir(), 'warble-bots-'));
  const file = (name: string) => join(directory, name);
  let server: Server;
  let ada: User;
  before(async () => {
    assert.ok(existsSync(TOOLS), 'run scripts/install-generators.sh first');
    server = await startServer({ data });
    ada = await signUp(() => server.url, 'ada');
    for (let i = 0; i < TWEETS; i++) await ada.post('/postTweet', { content: `Tweet ${i}` });
    writeFileSync(file('openapi.json'), await (await fetch(`${server.url}/openapi.json`)).text());
    const blank = { width: 32, height: 24, channels: 3, background: '#258' } as const;
    writeFileSync(file('sea.png'), await sharp({ create: blank }).png().toBuffer());
  });
  after(async () => {
    await server?.kill();
    remove();
    rmSync(directory, { recursive: true, force: true });
  });

  async function succeed(program: string, args: string[]): Promise<void> {
    const PATH = [PYTHON_TOOLS, process.env.PATH].join(delimiter);
    const running = run(program, args, { cwd: directory, env: { PATH } });
    assert.equal((await running.exited).code, 0, `${running.stdout()}\n${running.stderr()}`);
  }

  const liked = async (user: User, tweetId: string) =>
    assert.equal((await user.get(`/tweets/${tweetId}`)).viewer.liked, true);

  /** Runs a bot as somebody who follows Ada, and sees what it does. */
  async function watch(handle: string, start: (env: Record<string, string>) => Running): Promise<void> {
    const owner = await signUp(() => server.url, handle);
    await owner.post('/follow', { userId: ada.id });
    const network: CutOff = await cutOffFrom(server.url);
    const bot = start({ WARBLE_URL: network.url, WARBLE_TOKEN: owner.token });
    const ended = bot.exited.then(() => assert.fail(`the bot ended: ${bot.stdout()}\n${bot.stderr()}`));
    const soon = (check: () => Promise<void>) => Promise.race([eventually(check, PATIENCE_MS), ended]);
    try {
      await soon(async () => assert.equal(network.opened.length, 1));
      const own = (await owner.get('/me/tweets')).tweets;
      assert.deepEqual([own[0].content, own[0].images.length], ['Here I am', 1]);
      const home = await owner.list('/me/tweets?followed=true', 'tweets');
      assert.ok(home.length >= TWEETS);
      assert.ok(home.every(({ viewer }) => viewer.liked));

      const { tweetId: live } = await ada.post('/postTweet', { content: 'as it happens' });
      await soon(() => liked(owner, live));
      network.cut();
      const { tweetId: missed } = await ada.post('/postTweet', { content: 'while it was cut off' });
      network.mend();
      await soon(() => liked(owner, missed));
      assert.deepEqual([network.opened.length, typeof network.opened[1]], [2, 'string']);
    } finally {
      bot.child.kill('SIGKILL');
      await ended.catch(() => {});
      network.close();
    }
  }

  test('the one in TypeScript', async () => {
    const bin = (path: string) => join(TOOLS, 'node_modules', path);
    symlinkSync(join(TOOLS, 'node_modules'), file('node_modules'));
    writeFileSync(file('package.json'), '{"type":"module"}');
    writeFileSync(file('bot.ts'), codeIn('ts'));
    await succeed(process.execPath, [
      bin('openapi-typescript/bin/cli.js'),
      file('openapi.json'),
      '-o',
      'warble.d.ts',
    ]);
    await succeed(process.execPath, [
      bin('typescript/bin/tsc'),
      ...['--strict', '--noEmit', '--target', 'esnext', '--module', 'nodenext', '--skipLibCheck'],
      ...['--allowImportingTsExtensions', '--types', 'node', 'bot.ts'],
    ]);
    await watch('bot_ts', (env) => run(process.execPath, ['bot.ts', 'sea.png'], { cwd: directory, env }));
  });

  test('the one in Python', async () => {
    writeFileSync(file('bot.py'), codeIn('python'));
    await succeed(join(PYTHON_TOOLS, 'openapi-python-client'), [
      ...['generate', '--path', file('openapi.json'), '--meta', 'none', '--output-path', file('warble')],
    ]);
    const python = join(PYTHON_TOOLS, 'python');
    await watch('bot_py', (env) => run(python, ['bot.py', 'sea.png'], { cwd: directory, env }));
  });
});
