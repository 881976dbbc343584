/** `npm start` and its launcher, in trees of their own with the machine's npm, as somebody runs them from a clone. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { connect, eventually, signUp } from '../support/client.ts';
import { READY, ROOT, type Running, run } from '../support/server.ts';

const trees: string[] = [];
const running: Running[] = [];
after(() => {
  for (const { pid, child } of running)
    if (child.exitCode === null && child.signalCode === null) process.kill(-pid, 'SIGKILL');
  for (const tree of trees) rmSync(tree, { recursive: true, force: true });
});

/** A copy of this project; `installed`: with its modules (by links, so that nothing done there reaches the real ones). */
function copyOfTree({ installed }: { installed: boolean }): string {
  const tree = mkdtempSync(join(tmpdir(), 'warble-tree-'));
  trees.push(tree);
  for (const file of ['package.json', 'package-lock.json', '.npmrc'])
    cpSync(join(ROOT, file), join(tree, file));
  cpSync(join(ROOT, 'scripts'), join(tree, 'scripts'), { recursive: true });
  symlinkSync(join(ROOT, 'src'), join(tree, 'src'));
  if (!installed) return tree;
  const modules = join(tree, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  const lock = createHash('sha256')
    .update(readFileSync(join(tree, 'package-lock.json')))
    .digest('hex');
  writeFileSync(join(modules, '.warble-installed'), `${lock} ${process.platform} ${process.arch}\n`);
  return tree;
}

/** Runs npm in a tree, in a process group of its own, with the Node that the machine has. */
function npm(tree: string, args: string[], env: Record<string, string> = {}): Running {
  const path = process.env.PATH!.split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const started = run('npm', args, {
    cwd: tree,
    detached: true,
    env: { PATH: path.join(delimiter), WARBLE_RATE_LIMITS: 'off', ...env },
  });
  running.push(started);
  return started;
}

/** Whether any process is left in a group. */
function groupLives(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('npm start', () => {
  for (const [whom, signal] of [
    ['npm', (pid: number) => process.kill(pid, 'SIGTERM')],
    ['its process group', (pid: number) => process.kill(-pid, 'SIGTERM')],
  ] as const) {
    test(`stops with 0 and leaves nothing running when ${whom} is told to, and told again`, async () => {
      const tree = copyOfTree({ installed: true });
      const start = npm(tree, ['start', '--', '--port', '0']);
      const [, url, pid] = await start.said(READY);
      assert.doesNotMatch(start.stderr(), /Installing/);
      assert.ok(existsSync(join(tree, 'data/tweets.db')), 'the data go to ./data');
      const ada = await signUp(() => url!, 'ada');
      const { tweetId } = await ada.post('/postTweet', { content: 'still here' });

      const told = performance.now();
      signal(start.pid);
      signal(start.pid);
      assert.equal((await start.exited).code, 0);
      assert.ok(performance.now() - told < 10_000);
      assert.throws(() => process.kill(Number(pid), 0), 'the server is gone');
      await eventually(async () => assert.ok(!groupLives(start.pid), 'nothing is left of its process group'));

      const again = npm(tree, ['start', '--', '--port', '0']);
      const [, nextUrl] = await again.said(READY);
      const tweet = await connect(() => nextUrl!, ada.token).get(`/tweets/${tweetId}`);
      assert.equal(tweet.content, 'still here');
      signal(again.pid);
      assert.equal((await again.exited).code, 0);
    });
  }

  test('passes on how the server ended where it could not start', async () => {
    const start = npm(copyOfTree({ installed: true }), ['start', '--', '--prot', '1']);
    assert.equal((await start.exited).code, 1);
    assert.match(start.stderr(), /^warble: Unknown option '--prot'/m);
  });

  test('says in one line that the registry is out of reach', async () => {
    const tree = copyOfTree({ installed: false });
    const start = npm(tree, ['start'], {
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_config_cache: join(tree, 'cache'),
      npm_config_fetch_retries: '0',
    });
    assert.equal((await start.exited).code, 1);
    const said = start
      .stderr()
      .split('\n')
      .filter((line) => line.startsWith('warble: '));
    assert.equal(said.length, 1);
    assert.match(said[0]!, /the npm registry is out of reach \(ECONNREFUSED\); check the network/);
    assert.doesNotMatch(start.stderr(), /npm error code/);
  });
});

test('a Node that is too old is told so in one line, before anything that it could not read', async () => {
  const old =
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.8' } })";
  const tree = copyOfTree({ installed: false });
  const preload = join(tree, 'old.cjs');
  writeFileSync(preload, old);
  const start = run(process.execPath, ['--require', preload, 'scripts/launch.mjs', 'serve'], { cwd: tree });
  assert.equal((await start.exited).code, 1);
  assert.equal(
    start.stderr(),
    'warble: Node 18.20.8 is too old; install Node 20 or newer from https://nodejs.org and run this again.\n',
  );
});
