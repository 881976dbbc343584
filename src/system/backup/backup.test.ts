/**
 * What a backup does besides copying (`test/process/backup.test.ts`): only one runs at a time, and an aborted one
 * leaves nothing.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import sharp from 'sharp';
import { isWarbleError } from '#domain/errors.ts';
import { copyPicture } from '#media/stores/copy.ts';
import { systemClock as clock } from '#platform/clock.ts';
import { createSeededRandom } from '#platform/random.ts';
import { createLogger } from '../logger.ts';
import { openManifest } from '../manifest.ts';
import { createPublicApi } from '../public-api.ts';
import { createSystem } from '../system.ts';
import { createBackups } from './backup.ts';
import { restoreBackup } from './restore.ts';

async function open(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'warble-backup-'));
  const data = join(directory, 'data');
  const random = createSeededRandom(3);
  mkdirSync(data);
  openManifest({ path: data, random });
  const file = (name: string) => join(data, name);
  const system = await createSystem({ file, clock, random });
  const api = await createPublicApi({
    system,
    config: { rateLimits: 'off', quotas: {}, trustedProxies: [], publicUrl: null, metricsToken: null },
    directory: { file },
    clock,
    random,
    logger: createLogger('silent'),
    version: '0.0.0',
  } as never);
  t.after(async () => {
    await api.close({ deadline_ms: 1_000 });
    await api.closeStores();
    await system.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const databases = [...system.stores.databases, ...api.databases];
  const backups = createBackups({ data, databases, clock });
  const names = () => readdirSync(directory).sort();
  return { directory, data, backups, system, api, names };
}

const QUIET = { progress() {}, signal: new AbortController().signal };

test('only one runs at a time', async (t) => {
  const { directory, backups, names } = await open(t);
  const first = backups.make({ to: join(directory, 'one'), ...QUIET });
  await assert.rejects(backups.make({ to: join(directory, 'two'), ...QUIET }), (error) =>
    isWarbleError(error, 'overloaded'),
  );
  await first;
  await backups.make({ to: join(directory, 'two'), ...QUIET });
  assert.deepEqual(names(), ['data', 'one', 'two']);
});

test('one that is aborted at any moment leaves nothing, and the server continues', async (t) => {
  const { directory, backups, system, names } = await open(t);
  for (const moment of ['at once', /db: /, /verifying/]) {
    const giveUp = new AbortController();
    if (moment === 'at once') giveUp.abort();
    const progress = (line: string) => {
      if (moment instanceof RegExp && moment.test(line)) giveUp.abort();
    };
    const made = backups.make({ to: join(directory, 'never'), progress, signal: giveUp.signal });
    await assert.rejects(made, /given up; nothing of it was kept/, String(moment));
    assert.deepEqual(names(), ['data']);
  }
  await system.services.social.createUser({ userId: 1, handle: 'ann', name: 'Ann', time: clock.now() });
  await backups.make({ to: join(directory, 'whole'), ...QUIET });
});

test('a picture that is deleted while it is copied is not in the index of the copy either', async (t) => {
  const { directory, data, backups, system, api } = await open(t);
  await system.services.social.createUser({ userId: 1, handle: 'ann', name: 'Ann', time: clock.now() });
  const square = { width: 2, height: 2, channels: 3, background: 'red' } as const;
  const path = join(directory, 'dot.png');
  await sharp({ create: square }).png().toFile(path);
  const upload = () => api.media.upload({ owner: 1, fileName: 'dot.png', alt: '', path });
  const [gone, kept] = [(await upload()).image, (await upload()).image];
  rmSync(join(data, 'media', gone.slice(0, 2), gone));
  const { pictures } = await backups.make({ to: join(directory, 'backup'), ...QUIET });
  assert.equal(pictures, 1);
  const restored = { from: join(directory, 'backup'), to: join(directory, 'restored'), progress() {} };
  await restoreBackup(restored);
  assert.equal(await copyPicture(kept, join(directory, 'restored', 'media'), directory), true);
});
