/**
 * Damaged derived files: whatever bytes were changed, a server starts on them, serves, and repairs from facts alone
 * whatever damage it notices.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createPasswordHasher } from '#accounts/password-hasher.ts';
import { WINDOWS } from '#domain/limits.ts';
import { createManualClock } from '#platform/clock.ts';
import { createSeededRandom } from '#platform/random.ts';
import type { SetAside } from '#platform/sqlite/derived-database.ts';
import { DERIVED_FILES } from '#system/data-files.ts';
import { createPublicApi } from '#system/public-api.ts';
import { createSystem } from '#system/system.ts';

const T0 = Date.UTC(2026, 0, 21, 10, 24, 1);
const USERS = 5;
const TWEETS = 60;
/** The most rounds of all workers until everything that was lost has been rebuilt. */
const MAX_ROUNDS = 400;

let parent: string;
let whole: string;
let truth: unknown;
before(async () => {
  parent = mkdtempSync(join(tmpdir(), 'warble-damaged-'));
  whole = join(parent, 'whole');
  mkdirSync(join(whole, 'media'), { recursive: true });
  const site = await open(whole, T0);
  await fill(site);
  await site.settle();
  truth = await site.answers();
  await site.close();
});
after(() => rmSync(parent, { recursive: true }));

type Site = Awaited<ReturnType<typeof open>>;

async function open(directory: string, time: number) {
  const clock = createManualClock(time);
  const random = createSeededRandom(7);
  const file = (name: string) => join(directory, name);
  const setAside: SetAside[] = [];
  const onSetAside = (report: SetAside) => void setAside.push(report);
  const warn = (line: string) => void setAside.push({ path: line, keptAs: '', reason: '' });
  const system = await createSystem({ file, clock, random, onSetAside });
  const api = await createPublicApi({
    system,
    config: { rateLimits: 'off', quotas: {}, metricsToken: null },
    directory: { file },
    random,
    logger: { info() {}, error() {}, warn } as never,
    version: '',
    hasher: createPasswordHasher({ random, memory_KiB: 8, passes: 1 }),
  });
  const { timeline, notifications } = system.services;

  const top = () => timeline.top({ viewer: null, window: 'all', position: null, limit: 100 });

  /** What viewers are shown. Throws the error that a request would fail with. */
  async function answers() {
    const shown: Record<string, unknown> = {};
    for (const window of WINDOWS) {
      const top = await timeline.top({ viewer: null, window, position: null, limit: 100 });
      shown[window] = top.items.map(({ tweetView }) => [tweetView.tweet.id, tweetView.likeCount]);
    }
    for (let reader = 1; reader <= USERS; reader++) {
      const home = await timeline.home({ reader, own: false, position: null, limit: 100 });
      const top = await timeline.homeTop({ reader, window: 'all', k: 50, own: true });
      const told = await notifications.list({ userId: reader, before: null, limit: 100 });
      shown[`of ${reader}`] = [
        home.items.map(({ tweetView }) => tweetView.tweet.id),
        top.items.map(({ tweetView }) => tweetView.tweet.id),
        told.notifications.map(({ id, type }) => [id, type]),
        told.unread,
      ];
    }
    return shown;
  }

  /** Runs one step of every worker; returns whether all are idle. */
  async function round(): Promise<boolean> {
    let resting = true;
    for (const worker of [...system.workers, ...api.workers]) {
      try {
        if (await worker.step()) resting = false;
      } catch {
        resting = false;
      }
    }
    // Longer than a list is cached.
    clock.advance(1_100);
    await new Promise((resolve) => setImmediate(resolve));
    return resting;
  }

  return {
    system,
    api,
    clock,
    setAside,
    answers,
    top,
    /** Runs the workers until all are idle and no request fails; returns what viewers are shown then. */
    async settle(): Promise<unknown> {
      let failure: unknown;
      for (let rounds = 0; rounds < MAX_ROUNDS; rounds++) {
        if (!(await round())) continue;
        try {
          return await answers();
        } catch (error) {
          failure = error;
        }
      }
      throw new Error(`it does not come to rest`, { cause: failure });
    },
    async close() {
      await api.close({ deadline_ms: 1_000 });
      await api.closeStores();
      await system.close();
    },
  };
}

async function fill({ system, api, clock }: Site): Promise<void> {
  const random = createSeededRandom(3);
  const { tweets, social, engagement } = system.services;
  const traceId = 'test';
  for (let user = 1; user <= USERS; user++) {
    const name = `person${user}`;
    const from = { device: '', client: { address: '192.0.2.1' } };
    await api.accounts.signUp({ handle: name, password: `${name} likes long words`, name, ...from });
  }
  for (let user = 1; user <= USERS; user++) {
    for (let to = 1; to <= USERS; to++) {
      if (user !== to && random.integer(3) > 0)
        await social.follow({ follower: user, followee: to, private: false, traceId });
    }
  }
  for (let i = 0; i < TWEETS; i++) {
    clock.advance(60_000);
    for (const worker of system.workers) await worker.step();
    const author = 1 + random.integer(USERS);
    const { tweetId } = await tweets.post({
      author,
      content: `tweet ${i}`,
      images: [],
      appId: null,
      idempotency: null,
      traceId,
    });
    const actor = 1 + random.integer(USERS);
    if (actor !== author) await engagement.like({ actor, tweetId, traceId });
  }
}

/** A copy of the whole directory with one file damaged by `damage`, opened a second later. */
async function reopened(name: string, damage: (path: string) => void): Promise<Site> {
  const directory = mkdtempSync(join(parent, 'copy-'));
  cpSync(whole, directory, { recursive: true });
  damage(join(directory, name));
  return open(directory, T0 + TWEETS * 60_000 + 600_000);
}

/** Changes 40 bytes. */
function flip(path: string, offsets: (size: number) => Iterable<number>): void {
  const bytes = readFileSync(path);
  for (const offset of offsets(bytes.length)) bytes[offset] = bytes[offset]! ^ (1 + (offset % 255));
  writeFileSync(path, bytes);
}

const BYTES = 40;

/** Checks that users can sign up and act on the server whatever its files look like, and that the effects show. */
async function assertServes(site: Site): Promise<void> {
  await site.settle();
  const { tweets, engagement, timeline, notifications } = site.system.services;
  const traceId = 'test';
  const post = {
    author: 1,
    content: 'after',
    images: [],
    appId: null,
    idempotency: null,
    traceId,
  };
  const { tweetId } = await tweets.post(post);
  for (let actor = 2; actor <= USERS; actor++) await engagement.like({ actor, tweetId, traceId });
  await site.settle();
  const { items } = await timeline.top({ viewer: null, window: '24h', position: null, limit: 100 });
  assert.ok(
    items.some(({ tweetView }) => tweetView.tweet.id === tweetId),
    'a tweet that all like is a top tweet',
  );
  const told = await notifications.list({ userId: 1, before: null, limit: 100 });
  assert.ok(
    told.notifications.some((one) => one.tweetId === tweetId),
    'and its author hears of it',
  );
}

for (const name of DERIVED_FILES) {
  describe(`${name}, damaged`, () => {
    const ways: Record<string, (path: string) => void> = {
      'cut in half': (path) => truncateSync(path, Math.floor(readFileSync(path).length / 2 / 512) * 512),
      'with a broken header': (path) => flip(path, () => Array.from({ length: BYTES }, (_, at) => at)),
      empty: (path) => writeFileSync(path, ''),
      'a directory': (path) => {
        rmSync(path);
        mkdirSync(path);
      },
      'no database at all': (path) => writeFileSync(path, 'once a database '.repeat(500)),
    };
    for (const [way, damage] of Object.entries(ways)) {
      test(`${way}: it is set aside, logged in one line, and its content rebuilt`, async () => {
        const site = await reopened(name, damage);
        try {
          const { items, partial } = await site.top();
          assert.ok(partial || items.length === TWEETS, 'what is not there yet is not said to be all');
          assert.deepEqual(await site.settle(), truth);
          const reports = site.setAside.filter(({ path }) => path.includes(name));
          assert.equal(reports.length, 1);
        } finally {
          await site.close();
        }
      });
    }

    test('in forty bytes anywhere: the server serves, and takes in new events', async () => {
      const size = readFileSync(join(whole, name)).length;
      const step = Math.max(BYTES, Math.ceil(size / 10));
      for (let start = 0; start < size; start += step) {
        const offsets = (length: number) =>
          Array.from({ length: BYTES }, (_, at) => Math.min(length - 1, start + at));
        const site = await reopened(name, (path) => flip(path, offsets));
        try {
          await assertServes(site);
        } catch (error) {
          throw new Error(`bytes ${start} to ${start + BYTES} of ${name}`, { cause: error });
        } finally {
          await site.close();
        }
      }
    });

    test('in forty bytes here and there: the server serves, and takes in new events', async () => {
      for (let seed = 1; seed <= 4; seed++) {
        const random = createSeededRandom(seed);
        const offsets = (length: number) => Array.from({ length: BYTES }, () => random.integer(length));
        const site = await reopened(name, (path) => flip(path, offsets));
        try {
          await assertServes(site);
        } catch (error) {
          throw new Error(`seed ${seed} in ${name}`, { cause: error });
        } finally {
          await site.close();
        }
      }
    });
  });
}
