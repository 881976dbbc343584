import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isWarbleError } from '#domain/errors.ts';
import type { TweetId, UserId } from '#domain/ids.ts';
import { createChangeTeller, TELLS_NOTHING } from '#platform/change-source.ts';
import { createManualClock } from '#platform/clock.ts';
import { createMemoryTopSnapshots } from '../stores/memory/top-snapshots.ts';
import { createWorld, unlessRefused, type World } from '../testing/world.ts';
import type { TweetView } from '../timeline.ts';
import { createReads } from './reads.ts';
import { createTweetViewCache, type TweetViewChanges } from './tweet-view-cache.ts';

const USERS = [1, 2, 3, 4, 5] as const;
const [ANN, BEN, CAT] = USERS;

async function openWorld() {
  const clock = createManualClock(1_800_000_000_000);
  const world = createWorld(clock);
  await world.users(...USERS);
  const tweetIds: TweetId[] = [];
  const readsWith = (...changes: TweetViewChanges) =>
    createReads({
      ...world,
      tweetViewCache: createTweetViewCache({ changes }),
      snapshots: createMemoryTopSnapshots({ clock }),
      globalTop: { newest: () => Promise.reject(new Error('is not asked for')) },
      homes: { candidates: () => Promise.reject(new Error('is not asked for')) },
      openHomeTop: async () => {
        const left = [...tweetIds];
        return { partial: false, take: async (count) => left.splice(0, count) };
      },
    });
  return { world, tweetIds, readsWith };
}

type Act = (world: World, tweetIds: TweetId[]) => Promise<unknown>;
const user = fc.constantFrom(...USERS);
const nth = fc.nat(20);
const two = fc.tuple(user, user).filter(([one, other]) => one !== other);
const at = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(1, list.length)];

/** Does something to the n-th tweet, where there is one. */
const toTweet =
  (n: number, act: (world: World, tweetId: TweetId) => Promise<unknown>): Act =>
  async (world, ids) => {
    const tweetId = at(ids, n);
    if (tweetId !== undefined) await act(world, tweetId);
  };
const authorOf = async ({ tweets }: World, id: TweetId) => (await tweets.authorsOf({ ids: [id] }))[0]!.author;
const viewOf = async ({ social }: World, viewer: UserId, userId: UserId) =>
  (await social.view({ viewer, userIds: [userId] }))[0]!;

const acts: fc.Arbitrary<Act>[] = [
  user.map((author) => async (world, ids) => ids.unshift(await world.post(author))),
  fc.tuple(nth, user).map(([n, who]) =>
    toTweet(n, async (world, tweetId) => {
      const { liked } = await world.engagement.viewerState({ viewer: who, tweetIds: [tweetId] });
      await (liked.length > 0 ? world.unlike(who, tweetId) : world.like(who, tweetId));
    }),
  ),
  fc.tuple(nth, user).map(([n, who]) => toTweet(n, (world, tweetId) => world.comment(who, tweetId))),
  fc.tuple(nth, nth).map(([n, m]) =>
    toTweet(n, async (world, tweetId) => {
      const comments = await world.stores.engagement.comments({ tweetId, before: null, limit: 100 });
      const comment = at(comments, m);
      if (comment !== undefined) await world.removeComment(comment.userId, tweetId, comment.id);
    }),
  ),
  nth.map((n) => toTweet(n, async (world, id) => world.remove(await authorOf(world, id), id))),
  fc
    .tuple(user, fc.boolean(), fc.constantFrom('active' as const, 'suspended' as const))
    .map(([who, isProtected, state]) => async (world) => {
      await world.protect(who, isProtected);
      await world.setState(who, state);
    }),
  two.map(([one, other]) => async (world) => {
    const { following } = await viewOf(world, one, other);
    await (following ? world.unfollow(one, other) : world.follow(one, other));
  }),
  two.map(([one, other]) => async (world) => {
    const { blocking } = await viewOf(world, one, other);
    await (blocking ? world.unblock(one, other) : world.block(one, other));
  }),
  two.map(([one, other]) => async (world) => {
    const { muting } = await viewOf(world, one, other);
    await (muting ? world.unmute(one, other) : world.mute(one, other));
  }),
];
const act = fc.oneof(...acts);

function isNotFound(error: unknown): null {
  assert.ok(isWarbleError(error, 'not_found'), String(error));
  return null;
}

test('whatever happened, every reader is shown the same with cached tweet views as without', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40, size: 'max' }), async (all) => {
      const { world, tweetIds, readsWith } = await openWorld();
      const [kept, plain] = [readsWith(...world.changes), readsWith(TELLS_NOTHING)];
      for (const each of all) {
        await unlessRefused(each(world, tweetIds));
        for (const reader of USERS) {
          const request = { reader, window: 'all', k: 30, own: true } as const;
          assert.deepEqual(await kept.homeTop(request), await plain.homeTop(request));
        }
        for (const tweetId of tweetIds.slice(0, 3)) {
          const request = { tweetId, viewer: null };
          assert.deepEqual(
            await kept.tweet(request).catch(isNotFound),
            await plain.tweet(request).catch(isNotFound),
          );
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('a cached tweet view costs any further reader two calls, and none to the tweets service', async () => {
  const { world, tweetIds, readsWith } = await openWorld();
  const reads = readsWith(...world.changes);
  tweetIds.push(await world.post(BEN));
  await world.like(CAT, tweetIds[0]!);
  await reads.homeTop({ reader: ANN, window: 'all', k: 5, own: false });
  world.calls.clear();
  const page = await reads.homeTop({ reader: CAT, window: 'all', k: 5, own: false });
  assert.deepEqual(page.items[0]!.viewer, { liked: true, reposted: false });
  assert.deepEqual(Object.fromEntries(world.calls), {
    'social.blocksAndMutes': 1,
    'engagement.viewerState': 1,
  });
});

test('a tweet view is not cached if a part of it changed while it was built', () => {
  const changes = createChangeTeller({ soleOwner: true });
  const tweetViewCache = createTweetViewCache({ changes: [changes] });
  const tweet = { id: 7, entities: { mentions: [{ userId: 2 }, { userId: null }] } };
  const comments = [{ commentId: 3 }];
  const tweetView = { tweet, users: [{ userId: 1 }], comments, likes: [] } as unknown as TweetView;
  for (const part of [7, 1, 2, 3]) {
    tweetViewCache.fill((keep) => {
      changes.tell([part]);
      keep(tweetView);
    });
    assert.equal(tweetViewCache.get(7), undefined, `${part} changed meanwhile`);
    tweetViewCache.fill((keep) => keep(tweetView));
    assert.equal(tweetViewCache.get(7), tweetView);
    changes.tell([part]);
    assert.equal(tweetViewCache.get(7), undefined, `nor once ${part} has changed`);
  }
});
