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
  renameSync,
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
  writeFileSync(join(modules, '.warble-installed'), `${lock} ${process.platform} ${process.arch} develop\n`);
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

/** Something that answers as npm does, after what `script` does in the directory in which it is to install. */
function fakeNpm(tree: string, script: string): Record<string, string> {
  const file = join(tree, 'fake-npm.cjs');
  writeFileSync(file, `const fs = require('node:fs');\n${script}`);
  return { npm_execpath: file };
}

/** Installs, without their contents, what npm is asked for but `left`, and lists it as npm does. */
const installAllBut = (left: string) => `
  const lock = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
  delete lock.packages[''];
  for (const [path, { version, dev }] of Object.entries(lock.packages)) {
    fs.mkdirSync(path, { recursive: true });
    if (path === '${left}' || (dev && process.argv.includes('--omit=dev'))) delete lock.packages[path];
    else fs.writeFileSync(path + '/package.json', JSON.stringify({ version }));
  }
  fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify(lock));`;

/** Runs the launcher itself, so that npm can be another. */
function launch(tree: string, args: string[], env: Record<string, string>): Running {
  const started = run('node', ['scripts/launch.mjs', ...args], { cwd: tree, detached: true, env });
  running.push(started);
  return started;
}

/** Changes the lock file, as a new version does: what is installed no longer fits it. */
function outdate(tree: string): void {
  const file = join(tree, 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  lock.packages['node_modules/fastify'].version = '5.99.0';
  writeFileSync(file, JSON.stringify(lock));
}

const leftovers = (tree: string) =>
  readdirSync(join(tree, '.cache')).filter((name) => /^(installing|replaced)-/.test(name));

describe('installing', () => {
  const failures: [what: string, script: string, said: RegExp][] = [
    [
      'a full disk',
      `console.error('npm error code ENOSPC'); process.exit(228);`,
      /the disk is full: free \d+ MB/,
    ],
    [
      'no rights',
      `console.error('npm error EACCES: permission denied'); process.exit(243);`,
      /EACCES: permission denied[\s\S]*the installation failed \(npm ended with 243\)/,
    ],
    [
      'a crash',
      `process.kill(process.pid, 'SIGSEGV');`,
      /the installation failed \(npm was ended by SIGSEGV\)/,
    ],
  ];
  for (const [what, script, said] of failures) {
    test(`that fails by ${what} says so, leaves what was there, and the next start serves again`, async () => {
      const tree = copyOfTree({ installed: true });
      const lock = readFileSync(join(tree, 'package-lock.json'));
      outdate(tree);
      const write = `fs.mkdirSync('node_modules/half', { recursive: true });`;
      const failed = launch(tree, ['serve'], fakeNpm(tree, write + script));
      assert.equal((await failed.exited).code, 1);
      assert.match(failed.stderr(), said);
      assert.deepEqual(leftovers(tree), []);
      writeFileSync(join(tree, 'package-lock.json'), lock);
      const start = launch(tree, ['serve', '--port', '0'], {});
      await start.said(READY);
      process.kill(start.pid, 'SIGTERM');
      assert.equal((await start.exited).code, 0);
    });
  }

  test('ends at once with 130 at Ctrl-C, and nothing goes on', async () => {
    const tree = copyOfTree({ installed: true });
    outdate(tree);
    const env = fakeNpm(
      tree,
      `fs.writeFileSync('started', String(process.pid)); setInterval(() => {}, 1000);
      process.on('SIGINT', () => {});`,
    );
    const start = launch(tree, ['serve'], env);
    const started = () => join(tree, '.cache', leftovers(tree)[0] ?? '', 'started');
    await eventually(async () => assert.ok(existsSync(started())));
    process.kill(-start.pid, 'SIGINT');
    assert.equal((await start.exited).code, 130);
    await eventually(async () => assert.ok(!groupLives(start.pid)));
    const stale = leftovers(tree);
    assert.equal(stale.length, 1);
    const next = launch(tree, ['serve'], fakeNpm(tree, 'process.exit(1)'));
    await next.exited;
    assert.deepEqual(leftovers(tree), [], 'the next start clears what was left');
  });

  test('takes an installation that somebody made with npm ci, and one swap that was cut off', async () => {
    const tree = copyOfTree({ installed: true });
    const modules = join(tree, 'node_modules');
    rmSync(join(modules, '.warble-installed'));
    cpSync(join(ROOT, 'node_modules/.package-lock.json'), join(modules, '.package-lock.json'));
    mkdirSync(join(tree, '.cache'));
    // Between the two steps of a swap: what was there is aside, and nothing stands in its place.
    renameSync(modules, join(tree, '.cache', 'replaced-999999999'));
    const start = launch(tree, ['serve', '--port', '0'], fakeNpm(tree, 'process.exit(1)'));
    await start.said(READY);
    assert.doesNotMatch(start.stderr(), /Installing/);
    process.kill(start.pid, 'SIGTERM');
    assert.equal((await start.exited).code, 0);
  });

  const native = Object.entries<{ os?: unknown; cpu?: unknown }>(
    JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages,
  )
    .filter(([, { os, cpu }]) => String(os) === process.platform && String(cpu) === process.arch)
    .map(([path]) => path)
    .filter((path) => /\/node-|@img\/sharp-(?!libvips)\w+-\w+$/.test(path) && !path.includes('musl'));
  for (const left of native) {
    test(`that npm calls a success without ${left} fails and says so`, async () => {
      const tree = copyOfTree({ installed: false });
      const failed = launch(tree, ['serve'], fakeNpm(tree, installAllBut(left)));
      assert.equal((await failed.exited).code, 1);
      assert.ok(
        failed
          .stderr()
          .includes(`npm left out ${left.replace('node_modules/', '')}, as it does when the disk fills`),
      );
      assert.ok(!existsSync(join(tree, 'node_modules')), 'so that the next start installs again');
      assert.deepEqual(leftovers(tree), []);
    });
  }

  test('installs again where npm ci was cut off, in its list or in a package', async () => {
    const lock = 'node_modules/.package-lock.json';
    for (const cut of [lock, 'node_modules/fastify/package.json', `${native[0]}/package.json`]) {
      const tree = copyOfTree({ installed: false });
      const whole = run(process.execPath, ['-e', `const fs = require('node:fs'); ${installAllBut('')}`], {
        cwd: tree,
      });
      assert.equal((await whole.exited).code, 0);
      writeFileSync(join(tree, cut), '');
      const start = launch(tree, ['serve'], fakeNpm(tree, 'process.exit(1)'));
      assert.equal((await start.exited).code, 1);
      assert.match(start.stderr(), /^Installing /, cut);
    }
  });

  test('brings what serving needs, and the tools of developers only where they are asked for', async () => {
    const tree = copyOfTree({ installed: false });
    const env = fakeNpm(
      tree,
      `${installAllBut('')}; fs.appendFileSync(process.env.ASKED, process.argv.slice(2).join(' ') + '\\n');`,
    );
    const asked = join(tree, 'asked');
    // Each ends by itself, whether it finds a Node that it could run on or not.
    for (const command of [['serve', '--version'], ['admin', '--help'], ['check']]) {
      await launch(tree, command, { ...env, ASKED: asked }).exited;
    }
    const calls = readFileSync(asked, 'utf8').trimEnd().split('\n');
    assert.equal(calls.length, 2, 'one for serving, which administration shares, and one for developers');
    assert.match(calls[0]!, /^ci --omit=dev /);
    assert.match(calls[1]!, /^ci --include=dev /);
  });
});

describe('npm start', () => {
  test('tells its version and its settings', async () => {
    const tree = copyOfTree({ installed: true });
    const version = npm(tree, ['start', '--silent', '--', '--version']);
    assert.equal((await version.exited).code, 0);
    assert.match(version.stdout(), /^\d+\.\d+\.\d+\n$/);
    const help = npm(tree, ['start', '--silent', '--', '--help']);
    assert.equal((await help.exited).code, 0);
    assert.match(help.stdout(), /WARBLE_PORT, --port +0 picks a free one/);
    assert.ok(!existsSync(join(tree, 'data')), 'and makes nothing');
  });

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
