// The one entry of every npm script: installs what is missing, then hands over to the project's own Node.
// Plain JavaScript that any Node from 12 on can parse, so that an old one can be told that it is too old.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 20;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.warble-installed');

/** What each npm script runs, once everything is installed: lists of commands, one after the other. */
const bin = (name) => join(modules, name);
const main = (command) => (args) => [['node', ['src/main.ts', command, ...args]]];
const COMMANDS = {
  serve: main('serve'),
  demo: main('demo'),
  bench: (args) => [['node', ['bench/main.ts', ...args]]],
  simulate: (args) => [['node', ['test/simulation/main.ts', ...args]]],
  admin: main('admin'),
  test: (args) => [
    ['node', ['--test', ...(args.length > 0 ? args : ['src/**/*.test.ts', 'test/**/*.test.ts'])]],
  ],
  check: () => [
    ['node', [bin('typescript/bin/tsc'), '-p', '.']],
    ['node', [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings']],
    ['node', ['scripts/boundaries.ts']],
  ],
  format: () => [['node', [bin('@biomejs/biome/bin/biome'), 'check', '--write']]],
  'test:trace': () => [['node', ['--test', 'test/trace/*.trace.ts']]],
  'test:fuzz': () => [['node', ['--test', 'test/fuzz/*.fuzz.ts']]],
};

function fail(message) {
  console.error(`warble: ${message}`);
  process.exit(1);
}

/** Runs a program with this terminal; passes signals on; resolves with its exit code. */
function run(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit', ...options });
    const forward = (signal) => child.kill(signal);
    const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    child.on('error', (error) => fail(`${program} could not be started: ${error.message}`));
    child.on('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code === null ? (signal === 'SIGINT' ? 130 : 143) : code);
    });
  });
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
  console.error('Installing the exact versions of package-lock.json (about 250 MB, once) ...');
  const progress = setInterval(() => {
    console.error(`  ... still installing, ${Math.round((Date.now() - started) / 1000)} s`);
  }, 5000);
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const code = npm
    ? await run(process.execPath, [npm, ...args])
    : await run('npm', args, { shell: process.platform === 'win32' });
  clearInterval(progress);
  if (code > 128) process.exit(code);
  if (code !== 0) {
    fail(
      'the installation failed (see above). If the registry is out of reach, check the network or `npm config get registry`, then run the same command again.',
    );
  }
  mkdirSync(modules, { recursive: true });
  writeFileSync(stampFile, wanted);
  console.error(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`);
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
  if (Number(process.versions.node.split('.')[0]) >= 26) return process.execPath;
  return fail(
    `there is no Node 26 package for ${process.platform}-${process.arch}; install Node 26 yourself and run this again.`,
  );
}

const [command, ...rest] = process.argv.slice(2);
if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  fail(
    `Node ${process.version} is too old; install Node ${OLDEST_NODE} or newer from https://nodejs.org and run this again.`,
  );
}
if (!Object.hasOwn(COMMANDS, command ?? '')) {
  fail(`unknown command ${command ?? ''}; known: ${Object.keys(COMMANDS).join(', ')}.`);
}
await install();
const node = ownNode();
for (const [program, args] of COMMANDS[command](rest)) {
  const code = await run(program === 'node' ? node : program, args);
  if (code !== 0) process.exit(code);
}
