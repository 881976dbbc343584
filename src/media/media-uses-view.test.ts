/** The view of uses under crashes, redelivery, two owners and rebuilds, against a plain computation over the services. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from '#platform/random.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { describeView, type ViewHarness } from '#queue/view.conformance.ts';
import { createServices } from '#test/support/services.ts';
import type { OpenedMediaUses } from './media-uses.ts';
import { createMediaUsesView, type UsesPatch } from './media-uses-view.ts';
import { createMemoryMediaUsesBackend } from './stores/memory/uses.ts';
import { openMediaUsesDb } from './stores/sqlite/uses.ts';

const USERS = [1, 2, 3, 4];
const PICTURES = ['a.png', 'b.png', 'c.jpg'];
const traceId = '';

interface Backend {
  open(faults?: CommitFaults): OpenedMediaUses;
  remove(): void;
}

describeView('of media uses on SQLite', () => {
  const directory = mkdtempSync(join(tmpdir(), 'warble-uses-'));
  const path = join(directory, 'media-uses.db');
  return harnessOn({
    open: (faults) => openMediaUsesDb({ path, faults }),
    remove: () => rmSync(directory, { recursive: true }),
  });
});

describeView('of media uses in memory', () => harnessOn({ ...createMemoryMediaUsesBackend(), remove() {} }));

async function harnessOn(backend: Backend): Promise<ViewHarness<UsesPatch>> {
  const services = createServices();
  await services.users(...USERS);
  const { tweets, social } = services;
  const posted: { id: number; author: number }[] = [];
  const some = (random: Random) => PICTURES.filter(() => random.integer(2) === 0);

  return {
    log: services.log,
    async act(random) {
      const user = USERS[random.integer(USERS.length)]!;
      const dice = random.integer(4);
      if (dice === 0) {
        const picture = some(random)[0] ?? '';
        await social.setProfile({ userId: user, changes: { picture }, traceId });
      } else if (dice === 1 && posted.length > 0) {
        const { id, author } = posted[random.integer(posted.length)]!;
        await tweets.remove({ tweetId: id, author, by: 'author', traceId });
      } else {
        const images = some(random).map((image) => ({ image, width: 1, height: 1, alt: '' }));
        const text = { content: 'look', appId: null, idempotency: null, traceId };
        const { tweetId } = await tweets.post({ author: user, images, ...text });
        posted.push({ id: tweetId, author: user });
      }
    },
    async expected() {
      const live = await tweets.get({ ids: posted.map(({ id }) => id) });
      const users = await social.view({ viewer: null, userIds: USERS });
      return [
        ...live.flatMap(({ id, images }) => images.map(({ image }) => `tweet:${id} ${image}`)),
        ...users
          .filter(({ picture }) => picture !== '')
          .map(({ userId, picture }) => `person:${userId} ${picture}`),
      ].sort();
    },
    async open(faults) {
      const { uses, viewStore, close } = backend.open(faults);
      return {
        view: createMediaUsesView(services),
        store: viewStore,
        close,
        async actual() {
          const users = PICTURES.map(async (name) =>
            (await uses.usesOf({ name, limit: 1_000 })).map((usedBy) => `${usedBy} ${name}`),
          );
          return (await Promise.all(users)).flat().sort();
        },
      };
    },
    async close() {
      backend.remove();
    },
  };
}
