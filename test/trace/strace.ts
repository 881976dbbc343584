/** Runs a program under strace and reads what it did, call by call. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A system call. `began` and `ended` order calls of all threads: one that ended before another began is before it. */
export interface Call {
  /** That made it; the process's own id is the one of its main thread. */
  thread: number;
  name: string;
  /** As strace prints them, with the path behind each descriptor: `27</data/tweets.db-wal>, "…", 4096, 0`. */
  args: string;
  /** What it returned; -1: an error. */
  result: number;
  began: number;
  ended: number;
}

const CALLS =
  'write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fsync,fdatasync,rename,renameat,renameat2';
/** Bytes of each buffer that are shown: a whole page of a database. */
const SHOWN_BYTES = 4_096;

/** The words before a program that trace it into `file`, with `more` options of strace. Throws, saying what to install, where there is no strace. */
export function tracing(file: string, more: readonly string[] = []): string[] {
  if (spawnSync('strace', ['-V']).status !== 0) {
    throw new Error('this test needs strace; install it (Debian: apt-get install strace) and run it again.');
  }
  return ['strace', '-f', '-y', '-s', String(SHOWN_BYTES), '-e', `trace=${CALLS}`, ...more, '-o', file];
}

const WHOLE = /^(\d+) +(\w+)\((.*)\) += (-?\d+)/s;
const BEGUN = /^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$/s;
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)/s;

/** Reads a trace. Calls that never ended are left out. */
export function readTrace(file: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, { args: string; began: number }>();
  const lines = readFileSync(file, 'latin1').split('\n');
  for (const [at, line] of lines.entries()) {
    const begun = BEGUN.exec(line);
    const resumed = RESUMED.exec(line);
    const whole = WHOLE.exec(line);
    if (begun !== null) {
      open.set(begun[1]!, { args: begun[3]!, began: at });
    } else if (resumed !== null) {
      const [, thread, name, rest, result] = resumed;
      const { args, began } = open.get(thread!)!;
      calls.push({
        thread: Number(thread),
        name: name!,
        args: args + rest!,
        result: Number(result),
        began,
        ended: at,
      });
    } else if (whole !== null) {
      const [, thread, name, args, result] = whole;
      calls.push({
        thread: Number(thread),
        name: name!,
        args: args!,
        result: Number(result),
        began: at,
        ended: at,
      });
    }
  }
  return calls.sort((a, b) => a.ended - b.ended);
}

/** The path behind a call's first descriptor. */
export function pathOf({ args }: Call): string {
  return /^\d+<([^>]*)>/.exec(args)?.[1] ?? '';
}

export const isWrite = ({ name, result }: Call): boolean => /write|send/.test(name) && result > 0;
export const isSync = ({ name, result }: Call): boolean => /^f(data)?sync$/.test(name) && result === 0;
export const isRename = ({ name, result }: Call): boolean => name.startsWith('rename') && result === 0;
