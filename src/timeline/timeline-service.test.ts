/** The timeline service over the real tweets, social and engagement services. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import type { TweetId, UserId } from '#domain/ids.ts';
import { createEngagementService } from '#engagement/engagement-service.ts';
import { openSqliteEngagementStore } from '#engagement/stores/sqlite.ts';
import { createManualClock } from '#platform/clock.ts';
import { createMinter } from '#platform/ids/minter.ts';
import { createSeededRandom } from '#platform/random.ts';
import { createSteadyClock } from '#platform/steady-clock.ts';
import { joinLogs } from '#queue/log.ts';
import { createPubSub } from '#queue/pubsub.ts';
import { createSocialService } from '#social/social-service.ts';
import { openSqliteSocialStore } from '#social/stores/sqlite.ts';
import { openSqliteTweetsStore } from '#tweets/stores/sqlite.ts';
import { createTweetsService } from '#tweets/tweets-service.ts';
import { createMemoryTopSnapshots } from './stores/memory/top-snapshots.ts';
import { openSqliteTopListsStore } from './stores/sqlite/top-lists.ts';
import { openSqliteTimelineDb } from './stores/sqlite.ts';
import type { FeedPage, HomePosition } from './timeline.ts';
import { createTimelineService } from './timeline-service.ts';

const [ANN, BEN, CAT, DAN] = [1, 2, 3, 4] as const;
const traceId = '';

async function openNetwork(directory: string) {
  const path = (name: string) => ({ path: join(directory, `${name}.db`) });
  const clock = createManualClock(1_800_000_000_000);
  const random = createSeededRandom(7);
  const minter = createMinter({ clock: createSteadyClock(clock) });
  const tweetsStore = openSqliteTweetsStore(path('tweets'));
  const socialStore = openSqliteSocialStore(path('social'));
  const engagementStore = openSqliteEngagementStore(path('engagement'));
  const social = createSocialService({ store: socialStore, minter, clock });
  const tweets = createTweetsService({ store: tweetsStore, social, minter, clock });
  const engagement = createEngagementService({ store: engagementStore, tweets, social, minter, clock });
  const timelineDb = openSqliteTimelineDb(path('timeline'));
  const topLists = openSqliteTopListsStore(path('top-lists'));
  const log = joinLogs([tweetsStore.log, socialStore.log, engagementStore.log]);
  const parts = {
    timelineDb,
    topLists,
    tweets,
    social,
    engagement,
    log,
    pubsub: createPubSub(),
    clock,
    random,
  };
  /** Starts the service as a new process would: without what the previous one had in memory. */
  const start = () => createTimelineService({ ...parts, topSnapshots: createMemoryTopSnapshots({ clock }) });
  const databases = [tweetsStore.db, socialStore.db, engagementStore.db, timelineDb.db, topLists.db];
  return {
    clock,
    tweets,
    social,
    engagement,
    start,
    async close() {
      for (const database of databases) await database.close();
    },
  };
}

describe('the timeline service', () => {
  let directory: string;
  let network: Awaited<ReturnType<typeof openNetwork>>;
  let service: ReturnType<typeof createTimelineService>;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'warble-timeline-'));
    network = await openNetwork(directory);
    for (const [handle, userId] of Object.entries({ ann: ANN, ben: BEN, cat: CAT, dan: DAN })) {
      await network.social.createUser({ userId, handle, name: handle, time: network.clock.now() });
    }
    service = network.start();
    await service.preload();
  });
  afterEach(async () => {
    await service.close();
    await network.close();
    rmSync(directory, { recursive: true });
  });

  const post = async (author: UserId, content: string): Promise<TweetId> => {
    const empty = { images: [], appId: null, idempotency: null };
    return (await network.tweets.post({ author, content, ...empty, traceId })).tweetId;
  };
  const like = (actor: UserId, tweetId: TweetId) => network.engagement.like({ actor, tweetId, traceId });
  const follow = (follower: UserId, followee: UserId, secretly = false) =>
    network.social.follow({ follower, followee, private: secretly, traceId });
  const idsOf = (page: FeedPage<unknown>) => page.items.map(({ tweetView }) => tweetView.tweet.id);
  const home = (reader: UserId, position: HomePosition | null = null, limit = 20) =>
    service.timeline.home({ reader, own: false, position, limit });
  const top = (viewer: UserId | null) =>
    service.timeline.top({ viewer, window: '24h', position: null, limit: 20 });
  const homeTop = (reader: UserId, own = false) =>
    service.timeline.homeTop({ reader, window: '7d', k: 10, own });

  /** Lets views and lists settle, which takes at most two seconds. */
  async function settle(): Promise<void> {
    for (let second = 0; second < 2; second++) {
      for (const worker of service.workers) while (await worker.step());
      network.clock.advance(1_000);
    }
    for (const worker of service.workers) while (await worker.step());
  }

  test('a home has all that followees post and repost, page after page', async () => {
    await follow(ANN, BEN);
    await follow(ANN, CAT, true);
    const first = await post(BEN, 'one');
    const second = await post(CAT, 'two');
    const third = await post(DAN, 'three');
    await network.engagement.repost({ actor: BEN, tweetId: third, traceId });
    await network.engagement.comment({
      actor: CAT,
      tweetId: first,
      content: 'well said',

      idempotency: null,
      traceId,
    });
    await like(ANN, first);
    const page = await home(ANN, null, 2);
    assert.deepEqual(idsOf(page), [third, second]);
    assert.deepEqual(
      page.items[0]!.repostedBy.map(({ userId }) => userId),
      [BEN],
    );
    const rest = await home(ANN, page.next, 2);
    assert.deepEqual(idsOf(rest), [first]);
    assert.equal(rest.next, null);
    const { viewer, tweetView } = rest.items[0]!;
    const { likes, comments, likeCount, commentCount, users } = tweetView;
    assert.deepEqual([viewer, likeCount, commentCount], [{ liked: true, reposted: false }, 1, 1]);
    assert.deepEqual(
      likes.map(({ userId }) => userId),
      [ANN],
    );
    assert.deepEqual(
      comments.map(({ content }) => content),
      ['well said'],
    );
    assert.deepEqual(users.map(({ handle }) => handle).sort(), ['ann', 'ben', 'cat']);
  });

  test('what is blocked, muted, protected or deleted is gone from every list at once', async () => {
    for (const followee of [BEN, CAT, DAN]) await follow(ANN, followee);
    const [ben, cat, dan] = [await post(BEN, 'b'), await post(CAT, 'c'), await post(DAN, 'd')];
    await settle();
    assert.deepEqual(idsOf(await home(ANN)), [dan, cat, ben]);
    assert.deepEqual(idsOf(await top(ANN)), [dan, cat, ben]);
    assert.deepEqual(idsOf(await homeTop(ANN)), [dan, cat, ben]);

    await network.social.mute({ userId: ANN, other: DAN, traceId });
    assert.deepEqual(idsOf(await home(ANN)), [cat, ben]);
    assert.deepEqual(idsOf(await homeTop(ANN)), [cat, ben]);
    assert.deepEqual(idsOf(await top(ANN)), [dan, cat, ben]);
    await network.social.block({ userId: CAT, other: ANN, traceId });
    for (const list of [home, homeTop]) assert.deepEqual(idsOf(await list(ANN)), [ben]);
    assert.deepEqual(idsOf(await top(ANN)), [dan, ben]);
    assert.deepEqual(idsOf(await top(null)), [dan, cat, ben]);
    await network.social.setProfile({ userId: BEN, changes: { protected: true }, traceId });
    assert.deepEqual(idsOf(await home(ANN)), [ben]);
    assert.deepEqual(idsOf(await homeTop(ANN)), [ben]);
    assert.deepEqual(idsOf(await top(ANN)), [dan]);
    await network.tweets.remove({ tweetId: ben, author: BEN, by: 'author', traceId });
    for (const list of [home, homeTop]) assert.deepEqual(idsOf(await list(ANN)), []);
    await assert.rejects(service.timeline.tweet({ tweetId: ben, viewer: BEN }), (error) =>
      isWarbleError(error, 'not_found'),
    );
  });

  test('top lists go by likes, then public followers, then newest; private follows do not count', async () => {
    const [older, newer, liked] = [await post(BEN, '1'), await post(CAT, '2'), await post(DAN, '3')];
    await like(ANN, liked);
    await settle();
    assert.deepEqual(idsOf(await top(null)), [liked, newer, older]);
    await follow(ANN, BEN, true);
    await settle();
    assert.deepEqual(idsOf(await top(null)), [liked, newer, older]);
    await follow(ANN, BEN, false);
    await settle();
    assert.deepEqual(idsOf(await top(null)), [liked, older, newer]);
    await network.engagement.unlike({ actor: ANN, tweetId: liked, traceId });
    await settle();
    assert.deepEqual(idsOf(await top(null)), [older, liked, newer]);
    assert.deepEqual(idsOf(await homeTop(ANN)), [older]);
    assert.deepEqual(idsOf(await homeTop(BEN, true)), [older]);
  });

  test('top lists come back after a restart, and from facts alone', async () => {
    const tweetIds = [];
    for (const author of [BEN, CAT, DAN]) tweetIds.unshift(await post(author, 'hello'));
    await settle();
    await service.close();
    service = network.start();
    await service.preload();
    assert.deepEqual(idsOf(await top(null)), tweetIds);
    await service.topLists.startRebuild();
    await like(ANN, tweetIds[2]!);
    assert.deepEqual(idsOf(await top(null)), tweetIds, 'while it is rebuilt the old one serves');
    await settle();
    assert.deepEqual(await service.topLists.status(), { lag: 0, rebuilding: false });
    assert.deepEqual(idsOf(await top(null)), [tweetIds[2], tweetIds[0], tweetIds[1]]);
  });

  test("a user's own tweets, page after page", async () => {
    const all = [];
    for (let i = 0; i < 5; i++) all.unshift(await post(BEN, `tweet ${i}`));
    const seen = [];
    for (let before: TweetId | null = null; ; ) {
      const page: FeedPage<TweetId> = await service.timeline.byAuthor({
        author: BEN,
        viewer: null,
        before,
        limit: 2,
      });
      seen.push(...idsOf(page));
      before = page.next;
      if (before === null) break;
    }
    assert.deepEqual(seen, all);
  });
});
