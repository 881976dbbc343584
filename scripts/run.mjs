// Installs what is missing, then hands over to the project's own Node. Plain JavaScript: the Node that runs this is
// the machine's, which may not know types.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.warble-installed');
const OWN_NODE_MAJOR = 26;

/** Test files at once. Node's own default leaves one core free, which on two is half of the machine. */
const SIDE_BY_SIDE = `--test-concurrency=${Math.max(2, availableParallelism())}`;

/** What each npm script runs, once everything is installed: lists of commands, one after the other. */
const bin = (name) => join(modules, name);
const main = (command) => (args) => [['src/main.ts', command, ...args]];
const COMMANDS = {
  serve: main('serve'),
  demo: main('demo'),
  bench: (args) => [['bench/main.ts', ...args]],
  simulate: (args) => [['test/simulation/main.ts', ...args]],
  admin: main('admin'),
  test: (args) => [
    ['--test', SIDE_BY_SIDE, ...(args.length > 0 ? args : ['src/**/*.test.ts', 'test/**/*.test.ts'])],
  ],
  check: () => [
    [bin('typescript/bin/tsc'), '-p', '.'],
    [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings'],
    ['scripts/boundaries.ts'],
  ],
  format: () => [[bin('@biomejs/biome/bin/biome'), 'check', '--write']],
  'test:clock': () => [['--test', 'test/clock/*.faketime.ts']],
  'test:trace': () => [['--test', 'test/trace/*.trace.ts']],
  'test:proxies': () => [['--test', 'test/proxies/*.proxies.ts']],
  'test:fuzz': () => [['--test', 'test/fuzz/*.fuzz.ts']],
};

/** Carries out one npm script and ends with its exit code. */
export async function run([command, ...rest]) {
  if (!Object.hasOwn(COMMANDS, command ?? '')) {
    fail(`unknown command ${command ?? ''}; known: ${Object.keys(COMMANDS).join(', ')}.`);
  }
  await install();
  const node = ownNode();
  for (const args of COMMANDS[command](rest)) {
    const { code } = await execute(node, args, { stdio: 'inherit' });
    if (code !== 0) process.exit(code);
  }
}

function fail(message) {
  console.error(`warble: ${message}`);
  process.exit(1);
}

/** Runs a program in the project's root; passes signals on; resolves with its exit code and captured errors. */
function execute(program, args, options) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, env: environment(), ...options });
    let errors = '';
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      errors += text;
    });
    const forward = (signal) => child.kill(signal);
    const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    child.on('error', (error) => fail(`${program} could not be started: ${error.message}`));
    child.on('close', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve({ code: code === null ? (signal === 'SIGINT' ? 130 : 143) : code, errors });
    });
  });
}

/**
 * Compiled code is kept between runs: without, most of a start goes into stripping types and compiling. Of the threads,
 * up to eight decode pictures and two hash passwords; with Node's usual four, files would wait for those.
 */
function environment() {
  return {
    UV_THREADPOOL_SIZE: '16',
    NODE_COMPILE_CACHE: join(root, '.cache', 'compiled'),
    ...process.env,
  };
}

/** The hash of what should be installed, so that it is installed again only when the lock has changed. */
function wantedStamp() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  return `${createHash('sha256').update(lock).digest('hex')} ${process.platform} ${process.arch}\n`;
}

async function install() {
  const wanted = wantedStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  console.error('Installing the exact versions of package-lock.json (about 400 MB on disk, once) ...');
  const progress = setInterval(() => console.error(`  ... still installing, ${seconds()} s`), 5000);
  const { code, errors } = await npmInstall();
  clearInterval(progress);
  if (code > 128) process.exit(code);
  if (code !== 0) failInstalling(errors);
  mkdirSync(modules, { recursive: true });
  writeFileSync(stampFile, wanted);
  console.error(`Installed in ${seconds()} s.`);
}

function npmInstall() {
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const options = { stdio: ['inherit', 'inherit', 'pipe'] };
  const npm = process.env.npm_execpath;
  return npm
    ? execute(process.execPath, [npm, ...args], options)
    : execute('npm', args, { ...options, shell: process.platform === 'win32' });
}

const OUT_OF_REACH =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b/;

function failInstalling(errors) {
  const [reason] = OUT_OF_REACH.exec(errors) ?? [];
  if (reason !== undefined) {
    fail(
      `the npm registry is out of reach (${reason}); check the network and \`npm config get registry\`, then run the same command again.`,
    );
  }
  console.error(errors.trimEnd());
  fail('the installation failed, for the reason above; mend it and run the same command again.');
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
