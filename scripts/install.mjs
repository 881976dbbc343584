// Installs what is missing: beside what is there, then swapped with it, so that nothing that fails on the way takes a
// working installation away. Plain JavaScript: the Node that runs this is the machine's, which may not know types.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execute, fail, root } from './processes.mjs';

const modules = join(root, 'node_modules');
const scratch = join(root, '.cache');
const STAMP = '.warble-installed';
/** What a set needs on the disk, for people who wait. */
const SIZES = { serve: '270 MB', develop: '400 MB' };

/**
 * Makes sure that the exact versions of package-lock.json are there: for `serve` those that serving needs, for
 * `develop` the tools for tests and checks too. Ends the process, saying why, where they cannot be had.
 */
export async function install(set) {
  restoreInterrupted();
  if (isInstalled(set)) return;
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  console.error(`Installing the exact versions of package-lock.json (about ${SIZES[set]} on disk, once) ...`);
  const progress = setInterval(() => console.error(`  ... still installing, ${seconds()} s`), 5000);
  const beside = join(scratch, `installing-${process.pid}`);
  try {
    prepare(beside);
    const result = await npmInstall(beside, set);
    if (result.code !== 0) explain(result);
    const missing = missingFrom(beside, set);
    if (missing !== undefined) throw new Error(leftOut(missing));
    writeFileSync(join(beside, 'node_modules', STAMP), stampOf(set));
    swap(beside, set);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    fail(reasonOf(error));
  } finally {
    clearInterval(progress);
  }
  rmSync(beside, { recursive: true, force: true });
  console.error(`Installed in ${seconds()} s.`);
}

/** What is installed for which lock file, so that it is installed again only when the lock has changed. */
function stampOf(set) {
  const lock = readFileSync(join(root, 'package-lock.json'));
  return `${createHash('sha256').update(lock).digest('hex')} ${process.platform} ${process.arch} ${set}\n`;
}

function isInstalled(set) {
  const stamp = join(modules, STAMP);
  const found = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if (found === stampOf(set) || found === stampOf('develop')) return true;
  // `npm ci` may have been run by hand.
  if (missingFrom(root, set) !== undefined) return false;
  remember(stamp, set);
  return true;
}

/** Spares the next start the comparison. A service that may not write here makes it each time. */
function remember(stamp, set) {
  try {
    writeFileSync(stamp, stampOf(set));
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'].includes(error.code)) throw error;
  }
}

/**
 * The first package of the lock file that is not whole in `folder`, by npm's own list of what it installed; undefined:
 * all are there. npm leaves out what is optional where it cannot be unpacked, as on a disk that fills, and ends with 0
 * all the same; Node itself is such a package.
 */
function missingFrom(folder, set) {
  const installed = packagesOf(join(folder, 'node_modules', '.package-lock.json')) ?? {};
  const wanted = packagesOf(join(root, 'package-lock.json'));
  return Object.keys(wanted).find((path) => {
    const { version } = wanted[path];
    if (path === '' || !isWanted(wanted[path], set)) return false;
    return (
      installed[path]?.version !== version ||
      readJson(join(folder, path, 'package.json'))?.version !== version
    );
  });
}

function isWanted({ dev, optional, devOptional, os, cpu, libc }, set) {
  if (dev && set === 'serve') return false;
  if (!optional && !devOptional) return true;
  // What is optional is there or not, by the platform that it names.
  const named = os !== undefined && cpu !== undefined;
  return (
    named && [os].flat().includes(process.platform) && [cpu].flat().includes(process.arch) && fitsLibc(libc)
  );
}

function fitsLibc(libc) {
  if (libc === undefined || process.platform !== 'linux') return true;
  const own = process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  return [libc].flat().includes(own);
}

function packagesOf(file) {
  return readJson(file)?.packages;
}

/** What a file holds; undefined where it is missing or was cut off. */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function prepare(beside) {
  mkdirSync(beside, { recursive: true });
  for (const file of ['package.json', 'package-lock.json', '.npmrc'])
    copyFileSync(join(root, file), join(beside, file));
}

function npmInstall(cwd, set) {
  const which = set === 'serve' ? ['--omit=dev'] : ['--include=dev'];
  const args = ['ci', ...which, '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const options = { cwd, stdio: ['ignore', 'inherit', 'pipe'], atOnce: true };
  const npm = process.env.npm_execpath;
  return npm
    ? execute(process.execPath, [npm, ...args], options)
    : execute('npm', args, { ...options, shell: process.platform === 'win32' });
}

/** Swaps the new installation in. If two ran at once, the first is kept. */
function swap(beside, set) {
  if (isInstalled(set)) return;
  const replaced = join(scratch, `replaced-${process.pid}`);
  if (existsSync(modules)) renameSync(modules, replaced);
  renameSync(join(beside, 'node_modules'), modules);
  rmSync(replaced, { recursive: true, force: true });
}

/** Ends what a killed process left: a swap between its two steps, and directories of installations that were cut off. */
function restoreInterrupted() {
  if (!existsSync(scratch)) return;
  for (const name of readdirSync(scratch)) {
    const [, kind, pid] = /^(installing|replaced)-(\d+)$/.exec(name) ?? [];
    if (kind === undefined || isRunning(Number(pid))) continue;
    const path = join(scratch, name);
    if (kind === 'replaced' && !existsSync(modules)) renameSync(path, modules);
    else rmSync(path, { recursive: true, force: true });
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

const OUT_OF_REACH =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b/;
const DISK_FULL = /\bENOSPC\b|\bEDQUOT\b|no space left/i;

/** Throws why npm failed, after its own words where ours would say less. */
function explain({ code, signal, errors }) {
  const [reason] = OUT_OF_REACH.exec(errors) ?? [];
  if (reason !== undefined) {
    throw new Error(
      `the npm registry is out of reach (${reason}); check the network and \`npm config get registry\`, then run the same command again.`,
    );
  }
  if (DISK_FULL.test(errors)) throw diskFull();
  if (errors.trim() !== '') console.error(errors.trimEnd());
  const how = signal === null ? `npm ended with ${code}` : `npm was ended by ${signal}`;
  throw new Error(`the installation failed (${how}); correct the cause, then run the same command again.`);
}

function leftOut(path) {
  const name = path.replace('node_modules/', '');
  return `npm left out ${name}, as it does when the disk fills (free ${SIZES.develop}) or the connection breaks; correct that, then run the same command again. What was installed before is untouched.`;
}

function diskFull() {
  return Object.assign(new Error(), { code: 'ENOSPC' });
}

function reasonOf(error) {
  if (error.code === 'EACCES' || error.code === 'EROFS') {
    return `${error.message}; run \`npm run admin\` once as the owner of ${root}, which installs what is missing.`;
  }
  if (error.code !== 'ENOSPC' && error.code !== 'EDQUOT') return error.message;
  return `the disk is full: free ${SIZES.develop}, then run the same command again. What was installed before is untouched.`;
}
