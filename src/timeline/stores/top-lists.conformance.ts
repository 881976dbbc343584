/** What every store of top lists promises, run with two handles open on one backend. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PARTITIONS, partitionOf } from '#domain/events.ts';
import type { UserId } from '#domain/ids.ts';
import { createManualClock } from '#platform/clock.ts';
import type { Random } from '#platform/random.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { eachWithTwoHandles } from '#platform/two-handles.ts';
import { describeView } from '#queue/view.conformance.ts';
import { isListed, readPlainFacts } from '../testing/plain-top.ts';
import { createWorld, unlessRefused, type World } from '../testing/world.ts';
import type { KeptTop, RankRow, TopListsStore, TopPatch } from '../top/top-lists-store.ts';
import { createTopView } from '../top/top-view.ts';

export interface TopListsHandle {
  store: TopListsStore;
  close(): Promise<void>;
}
export interface TopListsBackend {
  open(faults?: CommitFaults): Promise<TopListsHandle>;
  remove(): Promise<void>;
}

const AUTHOR = 7;
const PARTITION = partitionOf(AUTHOR);
/** Another author in the same partition. */
const NEIGHBOUR = Array.from({ length: 1_000 }, (_, i) => AUTHOR + 1 + i).find(
  (author) => partitionOf(author) === PARTITION,
)!;

export function describeTopListsStore(name: string, create: () => TopListsBackend): void {
  describe(`top lists ${name}`, () => {
    let one: TopListsHandle;
    let two: TopListsHandle;
    eachWithTwoHandles(create, (opened) => {
      ({ one, two } = opened);
    });

    /** Commits a patch through the first handle. */
    async function put(patch: Partial<TopPatch>): Promise<void> {
      const { epoch, live } = await one.store.view.claim(PARTITION);
      const at = live.positions.tweets ?? 0;
      const committed = await one.store.view.commit({
        partition: PARTITION,
        epoch,
        generation: live.generation,
        expected: live.positions,
        next: { ...live.positions, tweets: at + 1 },
        patch: { ranks: [], gone: [], authors: [], ...patch },
      });
      assert.ok(committed);
    }
    const rank = (tweetId: number, likes: number, author: UserId = AUTHOR): RankRow => ({
      tweetId,
      author,
      likes,
    });

    test('returns a partition by likes and by time, page by page', async () => {
      const rows = [rank(1, 5), rank(2, 9), rank(3, 5, NEIGHBOUR), rank(4, 0), rank(5, 5)];
      await put({ ranks: rows });
      for (const { store } of [one, two]) {
        const byLikes: number[] = [];
        for (let below: RankRow | null = null; ; ) {
          const page: RankRow[] = await store.byLikes({ partition: PARTITION, below, limit: 2 });
          byLikes.push(...page.map(({ tweetId }) => tweetId));
          if (page.length < 2) break;
          below = page.at(-1)!;
        }
        assert.deepEqual(byLikes, [2, 5, 3, 1, 4]);
        assert.deepEqual(await store.byTime({ partition: PARTITION, from: 3, limit: 2 }), [rows[2], rows[3]]);
        const elsewhere = (PARTITION + 1) % PARTITIONS;
        assert.deepEqual(await store.byLikes({ partition: elsewhere, below: null, limit: 2 }), []);
      }
    });

    test('updates and removes a row; the same patch again changes nothing', async () => {
      await put({
        ranks: [rank(1, 5), rank(2, 1)],
        authors: [{ author: AUTHOR, followers: 3, listed: true }],
      });
      await put({ ranks: [rank(1, 6)], gone: [{ tweetId: 2, author: AUTHOR }] });
      await put({ ranks: [rank(1, 6)], gone: [{ tweetId: 2, author: AUTHOR }] });
      const tweets = [1, 2, 3].map((tweetId) => ({ author: AUTHOR, tweetId }));
      assert.deepEqual(await two.store.rows({ tweets }), [rank(1, 6)]);
      await put({ authors: [{ author: AUTHOR, followers: 2, listed: false }] });
      assert.deepEqual(await two.store.facts({ authors: [AUTHOR, NEIGHBOUR] }), [
        { author: AUTHOR, followers: 2, listed: false },
      ]);
    });

    test("returns authors' best of a window, and goes on below a position", async () => {
      await put({
        ranks: [rank(1, 5), rank(2, 9), rank(3, 5), rank(4, 0), rank(5, 7, NEIGHBOUR)],
        authors: [{ author: AUTHOR, followers: 3, listed: false }],
      });
      const authors = [NEIGHBOUR, AUTHOR, 999_999].map((author) => ({ author, below: null }));
      const tops = await two.store.authorTops({ authors, atLeast: 0, atLeastLikes: 0, limit: 3 });
      assert.deepEqual(tops, [
        { author: NEIGHBOUR, followers: 0, tweetIds: [5], likes: [7], truncated: false },
        { author: AUTHOR, followers: 3, tweetIds: [2, 3, 1], likes: [9, 5, 5], truncated: true },
        { author: 999_999, followers: 0, tweetIds: [], likes: [], truncated: false },
      ]);
      for (const atLeast of [0, 1]) {
        const below = [{ author: AUTHOR, below: { likes: 5, tweetId: 3 } }];
        const [rest] = await two.store.authorTops({ authors: below, atLeast, atLeastLikes: 0, limit: 3 });
        assert.deepEqual(rest!.tweetIds, [1, 4]);
      }
      const [recent] = await two.store.authorTops({
        authors: [{ author: AUTHOR, below: null }],
        atLeast: 3,
        atLeastLikes: 1,
        limit: 3,
      });
      assert.deepEqual(recent!.tweetIds, [3]);
    });

    test('keeps top-k indexes, and says whether they are still current', async () => {
      const top = { window: '24h', floor: { likes: 1, followers: 2, tweetId: 3 }, windowStart: 1 } as const;
      const kept: KeptTop = { ...top, tweets: [{ tweetId: 4, author: AUTHOR }], isCurrent: true };
      await put({ ranks: [rank(4, 5)] });
      await one.store.keepTops({ tops: [kept] });
      assert.deepEqual(await two.store.keptTops(), [kept]);
      await put({ ranks: [rank(4, 6)] });
      assert.deepEqual(await two.store.keptTops(), [{ ...kept, isCurrent: false }]);
      const late: KeptTop = { ...kept, window: 'all', floor: null, isCurrent: false };
      await two.store.keepTops({ tops: [late] });
      assert.deepEqual(await one.store.keptTops(), [late], 'in place of what was kept before');
    });

    test('reads the live generation, not the one under construction', async () => {
      await put({ ranks: [rank(1, 5)] });
      const { view } = one.store;
      const { epoch, live } = await view.claim(PARTITION);
      await view.beginRebuild({ partition: PARTITION, epoch, positions: live.positions });
      const { generation } = (await view.load(PARTITION)).building!;
      const patch = { ranks: [rank(2, 8)], gone: [], authors: [] };
      await view.commitScan({
        partition: PARTITION,
        epoch,
        generation,
        patch,
        expectedCursor: '',
        cursor: null,
      });
      const read = () => two.store.byLikes({ partition: PARTITION, below: null, limit: 9 });
      assert.deepEqual(await read(), [rank(1, 5)]);
      await view.swap({ partition: PARTITION, epoch, generation });
      assert.deepEqual(await read(), [rank(2, 8)]);
      while (await view.dropOld(PARTITION));
      assert.deepEqual(await read(), [rank(2, 8)]);
    });
  });

  describeView<TopPatch>(`of top lists ${name}`, async () => {
    const backend = create();
    const world = createWorld(createManualClock(1_800_000_000_000));
    await world.users(...Array.from({ length: USERS }, (_, index) => index + 1));
    const view = createTopView(world);
    return {
      log: world.log,
      act: (random) => actAtRandom(world, random),
      async expected() {
        const facts = await readPlainFacts(world);
        return facts.tweets
          .map(({ id, author, likes }) => {
            return describeRow(id, likes, facts.users.get(author)!.followers, isListed(facts, author));
          })
          .sort();
      },
      async open(faults) {
        const { store, close } = await backend.open(faults);
        return { view, store: store.view, actual: () => allRows(store), close };
      },
      close: () => backend.remove(),
    };
  });
}

const USERS = 8;

function describeRow(tweetId: number, likes: number, followers: number, listed: boolean): string {
  return `${tweetId}: ${likes} likes, ${followers} followers, ${listed ? 'listed' : 'not listed'}`;
}

async function allRows(store: TopListsStore): Promise<string[]> {
  const found: string[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (const { tweetId, author, likes } of await store.byLikes({ partition, below: null, limit: 10_000 })) {
      const [facts] = await store.facts({ authors: [author] });
      found.push(describeRow(tweetId, likes, facts!.followers, facts!.listed));
    }
  }
  return found.sort();
}

/** Makes one random change to the world; none where the user may not do it. */
async function actAtRandom(world: World, random: Random): Promise<void> {
  const someone = () => 1 + random.integer(USERS);
  const { tweets } = await readPlainFacts(world);
  const some = tweets[random.integer(Math.max(1, tweets.length))];
  const dice = random.integer(12);
  if (dice < 3 || some === undefined) await world.post(someone());
  else if (dice < 4) await world.remove(some.author, some.id);
  else if (dice < 7) await unlessRefused(world.like(someone(), some.id));
  else if (dice < 8) await world.unlike(someone(), some.id);
  else if (dice < 11) await unlessRefused(followAtRandom(world, someone(), someone(), dice < 10));
  else if (random.integer(2) === 0) await world.protect(someone(), random.integer(2) === 0);
  else await world.setState(someone(), random.integer(2) === 0 ? 'active' : 'deactivated');
}

async function followAtRandom(world: World, one: UserId, other: UserId, follows: boolean): Promise<void> {
  if (one === other) return;
  if (follows) await world.follow(one, other);
  else await world.unfollow(one, other);
}
