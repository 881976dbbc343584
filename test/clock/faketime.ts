/** A wall clock that a test sets while a process runs: libfaketime, with the monotonic clock left alone. */
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FakeTime {
  /** What a process is started with to live by this clock. */
  env: Record<string, string>;
  /** Sets the clock to be ahead of the machine's by so much; negative: behind. */
  setAhead(seconds: number): void;
}

/** `file` says how far the clock is ahead. Throws, saying what to install, where there is no libfaketime. */
export function createFakeTime(file: string): FakeTime {
  const setAhead = (seconds: number) => {
    // As one step: a process looks at any moment.
    writeFileSync(`${file}.tmp`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    renameSync(`${file}.tmp`, file);
  };
  setAhead(0);
  return {
    setAhead,
    env: {
      LD_PRELOAD: library(),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      // Node ends where this clock goes back, and so does what the kernel promises.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  };
}

function library(): string {
  for (const folder of ['/usr/lib', '/usr/local/lib']) {
    if (!existsSync(folder)) continue;
    for (const name of ['.', ...readdirSync(folder)]) {
      const path = join(folder, name, 'faketime', 'libfaketime.so.1');
      if (existsSync(path)) return path;
    }
  }
  throw new Error(
    'this test needs libfaketime; install it (Debian: apt-get install faketime) and run it again.',
  );
}
