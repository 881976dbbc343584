/** A real server in a process of its own, on a real port, that can be stopped, killed and started again on its data. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const MAIN = join(ROOT, 'src/main.ts');

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A process with everything that it wrote. */
export interface Running {
  child: ChildProcess;
  pid: number;
  stdout(): string;
  stderr(): string;
  exited: Promise<Exit>;
  /** Resolves with the match of `pattern` on standard error. Throws, with the output, if the process ends first. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
}

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** Run it in a process group of its own, so that the whole group can be signalled. */
  detached?: boolean;
}

/** Starts a program and collects its output. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Running {
  const child = spawn(program, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...cleanEnvironment(), ...options.env },
    detached: options.detached ?? false,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  const exited = once(child, 'close').then(([code, signal]) => ({ code, signal }) as Exit);
  return {
    child,
    pid: child.pid!,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    exited,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(said.stderr);
          if (found !== null) resolve(found);
        };
        look();
        child.stderr!.on('data', look);
        exited.then(() => {
          look();
          reject(new Error(`ended before it said ${pattern}:\n${said.stderr}\n${said.stdout}`));
        }, reject);
      }),
  };
}

/** This environment without the variables of the test runner and npm, and without settings of Warble. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(WARBLE_|NODE_TEST_CONTEXT$|NODE_OPTIONS$|npm_(?!config_registry$))/i.test(name),
  );
  return Object.fromEntries(kept);
}

export interface Server extends Running {
  url: string;
  /** Sends SIGTERM; resolves when the process has ended. */
  stop(): Promise<Exit>;
  /** Sends SIGKILL; resolves when the process has ended. */
  kill(): Promise<void>;
}

export interface ServerOptions extends RunOptions {
  data: string;
  /** Options besides --port 0 and --data. */
  args?: readonly string[];
  /** A command that runs the server's process, as a tracer does; the server's command line follows it. */
  under?: readonly string[];
}

export const READY = /Warble is ready at (http:\/\/\S+) .*process (\d+)\)/;

/** Starts a server on a free port, without request limits and logging warnings only, and waits until it is ready. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { under = [], args = [], data, env } = options;
  const [program, ...words] = [
    ...under,
    process.execPath,
    MAIN,
    'serve',
    '--port',
    '0',
    '--data',
    data,
    ...args,
  ];
  const running = run(program!, words, {
    ...options,
    env: { WARBLE_RATE_LIMITS: 'off', WARBLE_LOG_LEVEL: 'warn', ...env },
  });
  const [, url, pid] = await running.said(READY);
  return {
    ...running,
    url: url!,
    pid: Number(pid),
    stop() {
      process.kill(Number(pid), 'SIGTERM');
      return running.exited;
    },
    async kill() {
      if (running.child.exitCode === null && running.child.signalCode === null) {
        process.kill(Number(pid), 'SIGKILL');
      }
      await running.exited;
    },
  };
}

/** A new data directory, and a function that removes it. */
export function temporaryData(): { data: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'warble-process-'));
  return {
    data: join(directory, 'data'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
