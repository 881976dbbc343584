// Installs what is missing, then hands over to the project's own Node. Plain JavaScript: the Node that runs this is
// the machine's, which may not know types.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { install } from './install.mjs';
import { execute, fail, root } from './processes.mjs';

const modules = join(root, 'node_modules');
const OWN_NODE_MAJOR = 26;

/** Test files at once. Node's own default leaves one core free, which on two is half of the machine. */
const SIDE_BY_SIDE = `--test-concurrency=${Math.max(2, availableParallelism())}`;
/** A test that hangs fails, instead of holding up all the others for ever. The longest takes two minutes. */
const TEST_TIMEOUT = '--test-timeout=600000';

/** What each npm script runs, once everything is installed: lists of commands, one after the other. */
const bin = (name) => join(modules, name);
/**
 * V8 lets the heap of a busy server grow by less than half before it marks all of it, which it then does every 7 s:
 * the thread stands still for 10 to 16 ms, and threads that mark take the cores for 70. Three times what is in use is
 * left instead, so that it happens a fifth as often (docs/decisions/0043).
 */
const HEAP = '--heap-growing-percent=200';
const main = (command) => (args) => [[HEAP, 'src/main.ts', command, ...args]];
const COMMANDS = {
  serve: main('serve'),
  demo: main('demo'),
  bench: (args) => [[HEAP, 'bench/main.ts', ...args]],
  simulate: (args) => [['test/simulation/main.ts', ...args]],
  admin: main('admin'),
  test: (args) => [
    [
      '--test',
      SIDE_BY_SIDE,
      TEST_TIMEOUT,
      ...(args.length > 0 ? args : ['src/**/*.test.ts', 'test/**/*.test.ts']),
    ],
  ],
  check: () => [
    [bin('typescript/bin/tsc'), '-p', '.'],
    [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings'],
    ['scripts/boundaries.ts'],
    // Taking types away is what Node does at each import; only the function for it is called experimental.
    ['--disable-warning=ExperimentalWarning', 'scripts/function-lines.ts'],
  ],
  advisories: () => [['scripts/advisories.ts']],
  examples: () => [['scripts/write-examples.ts']],
  format: () => [[bin('@biomejs/biome/bin/biome'), 'check', '--write']],
  'test:clock': () => [['--test', TEST_TIMEOUT, 'test/clock/*.faketime.ts']],
  'test:trace': () => [['--test', TEST_TIMEOUT, 'test/trace/*.trace.ts']],
  'test:proxies': () => [['--test', TEST_TIMEOUT, 'test/proxies/*.proxies.ts']],
  'test:browser': () => [['--test', TEST_TIMEOUT, 'test/browser/*.browser.ts']],
  'test:clients': () => [['--test', TEST_TIMEOUT, 'test/clients/*.clients.ts']],
  'test:fuzz': () => [['--test', TEST_TIMEOUT, 'test/fuzz/*.fuzz.ts']],
};

/** What serving needs is installed for these; the others need the tools of developers too. */
const SERVING = new Set(['serve', 'demo', 'admin']);

/** Carries out one npm script and ends with its exit code. */
export async function run([command, ...rest]) {
  if (!Object.hasOwn(COMMANDS, command ?? '')) {
    fail(`unknown command ${command ?? ''}; known: ${Object.keys(COMMANDS).join(', ')}.`);
  }
  await install(SERVING.has(command) ? 'serve' : 'develop');
  const node = ownNode();
  for (const args of COMMANDS[command](rest)) {
    const { code } = await execute(node, args, { stdio: 'inherit' });
    if (code !== 0) process.exit(code);
  }
}

/** The project's own Node (an exact version among the dependencies), or this one where it is as new. */
function ownNode() {
  const names = [
    `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
    `node-bin-${process.platform}-${process.arch}`,
  ];
  for (const name of names) {
    for (const file of ['bin/node', 'bin/node.exe']) {
      const path = join(modules, name, file);
      if (existsSync(path)) return path;
    }
  }
  if (Number(process.versions.node.split('.')[0]) >= OWN_NODE_MAJOR) return process.execPath;
  return fail(
    `there is no Node ${OWN_NODE_MAJOR} package for ${process.platform}-${process.arch}; install Node ${OWN_NODE_MAJOR} yourself and run this again.`,
  );
}
