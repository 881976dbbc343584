/** Media on real tweets and social services and real files, with a manual clock. */
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createFacts, drain } from '#notifications/testing/notifications.ts';
import { createSeededRandom } from '#platform/random.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { createViewRunner } from '#queue/view-runner.ts';
import { openGatewayDb } from '#system/gateway-db.ts';
import { createMediaService, type MediaServiceDeps } from '../media-service.ts';
import { createMediaUsesView } from '../media-uses-view.ts';
import type { Picture } from '../pictures.ts';
import { openDiskMediaStore } from '../stores/disk.ts';
import { openMediaUsesDb } from '../stores/sqlite/uses.ts';

/** Takes any bytes for a picture, so that tests of what happens to pictures need not make them. */
const anyPicture = {
  async encode({ path }: { path: string }): Promise<Picture> {
    return { bytes: await readFile(path), extension: 'png', width: 4, height: 3 };
  },
};
const traceId = '';

export type MediaWorld = Awaited<ReturnType<typeof createMediaWorld>>;

export async function createMediaWorld() {
  const directory = mkdtempSync(join(tmpdir(), 'warble-media-'));
  const facts = await createFacts();
  const { clock, tweets, social, log } = facts;
  const random = createSeededRandom(3);
  const store = await openDiskMediaStore({ directory: join(directory, 'media'), clock, random });
  const closers: (() => Promise<void>)[] = [];
  let uploads = 0;

  /** A process of its own on the same files. */
  function start(instead: Partial<MediaServiceDeps> & { faults?: CommitFaults } = {}) {
    const { db, media: index } = openGatewayDb({
      path: join(directory, 'gateway.db'),
      faults: instead.faults,
    });
    const usesDb = openMediaUsesDb({ path: join(directory, 'media-uses.db') });
    closers.push(async () => {
      await db.close();
      await usesDb.db.close();
    });
    const view = createMediaUsesView({ tweets, social });
    const usesRunner = createViewRunner({ view, store: usesDb.viewStore, log });
    const { uses } = usesDb;
    const resolves = async () => false;
    const services = { social, tweets, resolves };
    const of = { index, store, uses, usesRunner, log, pictures: anyPicture, ...services, clock, random };
    const { media, workers } = createMediaService({ ...of, ...instead });
    const upload = async (
      owner: number,
      { fileName = 'image1.png', alt = '', bytes = Buffer.from('bytes') } = {},
    ) => {
      const path = join(directory, `upload-${++uploads}`);
      await writeFile(path, bytes);
      return media.upload({ owner, fileName, alt, path });
    };
    return { db, index, uses, usesRunner, media, sweeper: workers[0]!, upload };
  }
  const first = start();
  return {
    ...facts,
    ...first,
    start,
    store,
    upload: (owner: number, fileName = 'image1.png', text = 'bytes') =>
      first.upload(owner, { fileName, bytes: Buffer.from(text) }),
    /** Posts a tweet with pictures as the route does. */
    async postWith(author: number, names: string[]) {
      await facts.tick();
      const held = await first.media.hold({ owner: author, names });
      const tweet = { author, content: 'look', images: held.images, mentioned: {}, appId: null };
      const { tweetId } = await tweets.post({ ...tweet, idempotency: null, traceId });
      await held.done(`tweet:${tweetId}`);
      return tweetId;
    },
    async setPicture(userId: number, name: string) {
      const held = name === '' ? null : await first.media.hold({ owner: userId, names: [name] });
      await social.setProfile({ userId, changes: { picture: held?.images[0]?.image ?? '' }, traceId });
      await held?.done(`person:${userId}`);
    },
    /** The view catches up, then the sweeper looks. */
    async sweep() {
      await drain([first.usesRunner.worker]);
      await drain([first.sweeper]);
    },
    /** What is kept, whether or not it is served. */
    async bytesOf(name: string): Promise<string | undefined> {
      const found = await store.get(name);
      return found && (await buffer(found.body)).toString();
    },
    /** How it is served to somebody; null: not at all. */
    async served(name: string, viewer: number | null): Promise<'public' | 'private' | null> {
      const found = await first.media.read({ name, viewer });
      found?.body.destroy();
      return found === undefined ? null : found.private ? 'private' : 'public';
    },
    async hours(count: number) {
      clock.advance(count * 3_600_000);
    },
    async dispose() {
      for (const close of closers) await close();
      await facts.close();
      rmSync(directory, { recursive: true });
    },
  };
}

export async function inMediaWorld(body: (world: MediaWorld) => Promise<void>): Promise<void> {
  const world = await createMediaWorld();
  try {
    await world.users(1, 2);
    await body(world);
  } finally {
    await world.dispose();
  }
}
