import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import { systemRandom } from '#platform/random.ts';
import { openUploadSpool, type UploadSpoolDeps } from './upload-spool.ts';

const [ANN, BOB, CYD] = [1, 2, 3];
const MIB = 1024 ** 2;

async function inSpool(
  limits: Partial<UploadSpoolDeps>,
  body: (spool: Awaited<ReturnType<typeof openUploadSpool>>, directory: string) => Promise<void>,
) {
  const directory = mkdtempSync(join(tmpdir(), 'warble-spool-'));
  try {
    await body(await openUploadSpool({ directory, random: systemRandom, ...limits }), directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
async function* parts(...sizes: number[]) {
  for (const size of sizes) yield Buffer.alloc(size, 7);
}

test('what comes is written down part by part, and gone when it is discarded', () =>
  inSpool({}, async (spool, directory) => {
    const file = await spool.receive(ANN, parts(3, 70_000));
    assert.deepEqual(readFileSync(file.path), Buffer.alloc(70_003, 7));
    await file.discard();
    await file.discard();
    assert.deepEqual(readdirSync(directory), []);
  }));

test('what an earlier process left is deleted at the start', () =>
  inSpool({}, async (_spool, directory) => {
    mkdirSync(join(directory, 'folder'));
    writeFileSync(join(directory, 'folder', 'left'), 'x');
    writeFileSync(join(directory, 'left'), 'x');
    await openUploadSpool({ directory, random: systemRandom });
    assert.deepEqual(readdirSync(directory), []);
  }));

test('one user has so much there and no more, and has it again when some is done', () =>
  inSpool({ maxOfOwner_MiB: 10 }, async (spool, directory) => {
    const first = await spool.receive(ANN, parts(6 * MIB));
    await assert.rejects(
      spool.receive(ANN, parts(3 * MIB, 2 * MIB)),
      (error) =>
        isWarbleError(error, 'rate_limited') && /10 MiB/.test(error.message) && error.retryAfter_s === 1,
    );
    assert.equal(readdirSync(directory).length, 1, 'nothing is left of what was refused');
    await (await spool.receive(BOB, parts(6 * MIB))).discard();
    await first.discard();
    await (await spool.receive(ANN, parts(10 * MIB))).discard();
  }));

test('no user takes more than is left for others, so a newcomer always finds room', () =>
  inSpool({ max_MiB: 8, maxOfOwner_MiB: 8 }, async (spool) => {
    const ann = await spool.receive(ANN, parts(4 * MIB));
    await assert.rejects(spool.receive(ANN, parts(1)), (error) => isWarbleError(error, 'overloaded'));
    const bob = await spool.receive(BOB, parts(2 * MIB));
    await assert.rejects(spool.receive(BOB, parts(1)), (error) => isWarbleError(error, 'overloaded'));
    const cyd = await spool.receive(CYD, parts(MIB));
    for (const file of [ann, bob, cyd]) await file.discard();
    const again = await Promise.all([ANN, BOB].map((owner) => spool.receive(owner, parts(MIB, MIB))));
    for (const file of again) await file.discard();
  }));

test('an upload whose client goes away leaves nothing', () =>
  inSpool({ max_MiB: 3 }, async (spool, directory) => {
    async function* cut() {
      yield Buffer.alloc(MIB);
      throw new Error('gone');
    }
    for (let round = 0; round < 5; round++) await assert.rejects(spool.receive(ANN, cut()), /gone/);
    assert.deepEqual(readdirSync(directory), []);
    await (await spool.receive(ANN, parts(MIB))).discard();
  }));
