/** The media service on the real services below it; only what is uploaded lies in files. */
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createSeededRandom } from '#platform/random.ts';
import { processAll } from '#platform/worker.ts';
import { createViewRunner } from '#queue/view-runner.ts';
import { createServices } from '#test/support/services.ts';
import { createMediaService, type MediaServiceDeps } from '../media-service.ts';
import { createMediaUsesView } from '../media-uses-view.ts';
import type { Picture } from '../pictures.ts';
import { createMemoryMediaUsesBackend } from '../stores/memory/uses.ts';
import { createMemoryMediaBackend, createMemoryMediaIndexBackend } from '../stores/memory.ts';

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
  const services = createServices();
  const { clock, tweets, social, log } = services;
  const random = createSeededRandom(3);
  const store = createMemoryMediaBackend().open();
  const indexBackend = createMemoryMediaIndexBackend();
  const usesBackend = createMemoryMediaUsesBackend();
  let uploads = 0;

  /** A process of its own on the same stores. */
  function start(instead: Partial<MediaServiceDeps> = {}) {
    const index = indexBackend.open();
    const { uses, viewStore } = usesBackend.open();
    const view = createMediaUsesView({ tweets, social });
    const usesRunner = createViewRunner({ view, store: viewStore, log });
    const resolves = async () => false;
    const of = { index, store, uses, usesRunner, log, pictures: anyPicture, social, tweets, resolves };
    const { media, workers } = createMediaService({ ...of, clock, random, ...instead });
    const upload = async (
      owner: number,
      { fileName = 'image1.png', alt = '', bytes = Buffer.from('bytes') } = {},
    ) => {
      const path = join(directory, `upload-${++uploads}`);
      await writeFile(path, bytes);
      return media.upload({ owner, fileName, alt, path });
    };
    return { index, uses, usesRunner, media, sweeper: workers[0]!, upload };
  }
  const first = start();
  return {
    ...services,
    ...first,
    start,
    store,
    upload: (owner: number, fileName = 'image1.png', text = 'bytes') =>
      first.upload(owner, { fileName, bytes: Buffer.from(text) }),
    /** Posts a tweet with pictures as the route does. */
    async postWith(author: number, names: string[]) {
      await services.tick();
      const held = await first.media.hold({ owner: author, names });
      const tweet = { author, content: 'look', images: held.images, appId: null };
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
      await processAll([first.usesRunner.worker]);
      await processAll([first.sweeper]);
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
