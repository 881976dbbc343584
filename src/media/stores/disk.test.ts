import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import { createManualClock } from '#platform/clock.ts';
import { systemRandom } from '#platform/random.ts';
import { openDiskMediaStore } from './disk.ts';
import { describeMediaStore } from './media-stores.conformance.ts';

const clock = createManualClock(Date.UTC(2026, 0, 21));
const random = systemRandom;
const NAME = `${'ab'.repeat(16)}.png`;

function temporary(): string {
  return mkdtempSync(join(tmpdir(), 'warble-media-'));
}

describeMediaStore('in a directory', async () => {
  const directory = temporary();
  return {
    open: () => openDiskMediaStore({ directory, clock, random }),
    dispose: async () => rmSync(directory, { recursive: true }),
  };
});

test('what a crash left half-written is cleared, not what somebody is writing', async (t) => {
  const directory = temporary();
  t.after(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, 'tmp'));
  for (const [name, age_h] of [
    ['old', 25],
    ['young', 1],
  ] as const) {
    const path = join(directory, 'tmp', name);
    writeFileSync(path, 'x');
    const time_s = clock.now() / 1_000 - age_h * 3_600;
    utimesSync(path, time_s, time_s);
  }
  await openDiskMediaStore({ directory, clock, random });
  assert.deepEqual(readdirSync(join(directory, 'tmp')), ['young']);
});

test('a put that fails leaves nothing and says so', async (t) => {
  const directory = temporary();
  t.after(() => rmSync(directory, { recursive: true }));
  const store = await openDiskMediaStore({ directory, clock, random });
  // A file where the picture's folder should be.
  writeFileSync(join(directory, 'ab'), '');
  await assert.rejects(store.put(NAME, Buffer.from('x')), (error) => isWarbleError(error, 'unavailable'));
  assert.deepEqual(readdirSync(join(directory, 'tmp')), []);
});
