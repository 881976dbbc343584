// How scripts run programs and end. Plain JavaScript, as the Node that runs this may not know types.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'];

export function fail(message) {
  console.error(`warble: ${message}`);
  process.exit(1);
}

/**
 * Runs a program in the project's root; resolves with its exit code, or the signal that ended it, and captured errors.
 * A signal to this process is passed on, and the program decides how it ends; with `atOnce` it is killed, and this
 * process ends too, as a shell says it: 130 after Ctrl-C.
 */
export function execute(program, args, { atOnce = false, ...options }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, env: environment(), ...options });
    let errors = '';
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      errors += text;
    });
    const forward = (signal) => {
      child.kill(atOnce ? 'SIGKILL' : signal);
      if (atOnce) process.exit(exitCode(signal));
    };
    for (const signal of SIGNALS) process.on(signal, forward);
    child.on('error', (error) => fail(`${program} could not be started: ${error.message}`));
    child.on('close', (code, signal) => {
      for (const name of SIGNALS) process.off(name, forward);
      resolve({ code: code ?? exitCode(signal), signal, errors });
    });
  });
}

/** How a shell tells that a signal ended a program. */
function exitCode(signal) {
  return 128 + constants.signals[signal];
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
