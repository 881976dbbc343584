import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import type { TweetId, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import {
  ANN,
  BEN,
  CAT,
  createLists,
  DAN,
  idsOf,
  type Lists,
  NOBODY,
  namesOf,
  TWEET_VIEW_CHANGES,
} from '#timeline/testing/lists.ts';
import type { FeedPage, TopPosition } from '#timeline/timeline.ts';

for (const [kind, cacheFor] of TWEET_VIEW_CHANGES)
  describe(`lists of tweets ${kind}`, () => {
    let { clock, world, reads, skeleton, posted, reposted, home, homePages, listTop, top } = {} as Lists;

    beforeEach(() => {
      ({ clock, world, reads, skeleton, posted, reposted, home, homePages, listTop, top } =
        createLists(cacheFor));
    });

    describe('a page', () => {
      test('costs one call to each service, two to those that are asked for comments', async () => {
        const tweetId = posted(BEN);
        posted(CAT);
        world.comment(tweetId, CAT);
        world.like(tweetId, DAN);
        world.calls.clear();
        await home();
        assert.deepEqual(Object.fromEntries(world.calls), {
          'tweets.get': 2,
          'engagement.summaries': 1,
          'social.visibleProfiles': 1,
        });
      });

      test('shows counts, previews and what the reader did, and names every user in it once', async () => {
        const tweetId = posted(BEN);
        world.like(tweetId, ANN);
        world.like(tweetId, DAN);
        const commentId = world.comment(tweetId, CAT);
        reposted(tweetId, CAT);
        const page = await home();
        const { tweetView, viewer, repostedBy, repostTime } = page.items[0]!;
        const { likes, comments, likeCount, commentCount } = tweetView;
        assert.deepEqual(
          likes.map(({ userId }) => userId),
          [DAN, ANN],
        );
        assert.deepEqual(
          comments.map((comment) => [comment.commentId, comment.userId, comment.content]),
          [[commentId, CAT, `text of ${commentId}`]],
        );
        assert.deepEqual([likeCount, commentCount, viewer], [2, 1, { liked: true, reposted: false }]);
        assert.deepEqual([repostedBy.map(({ userId }) => userId), repostTime], [[CAT], clock.now()]);
        assert.deepEqual(namesOf(page), [ANN, BEN, CAT, DAN]);
        assert.deepEqual(tweetView.users[0], { userId: BEN, handle: 'h2', name: 'Name 2', picture: '' });
      });

      test('shows the newest three likes and comments that the reader may see, of the newest eight', async () => {
        const tweetId = posted(BEN);
        for (let userId = 10; userId < 20; userId++) {
          world.join(userId);
          world.like(tweetId, userId);
          world.comment(tweetId, userId);
        }
        for (const hidden of [19, 17]) world.users.get(hidden)!.blocking.add(ANN);
        world.setAccount(16, { protected: true });
        const { likes, comments, likeCount } = (await home()).items[0]!.tweetView;
        assert.deepEqual(
          likes.map(({ userId }) => userId),
          [18, 15, 14],
        );
        assert.deepEqual(
          comments.map(({ userId }) => userId),
          [18, 15, 14],
        );
        assert.equal(likeCount, 10, 'counts are the same for everyone');
      });

      test('searches for older ones where the newest eight are hidden from the reader', async () => {
        const tweetId = posted(BEN);
        const bothDo = (userId: UserId) => {
          world.join(userId);
          world.like(tweetId, userId);
          return world.comment(tweetId, userId);
        };
        const older = [10, 11, 12, 13].map(bothDo);
        for (let userId = 20; userId < 180; userId++) {
          bothDo(userId);
          world.users.get(ANN)!.blocking.add(userId);
        }
        const toAnn = (await home()).items[0]!.tweetView;
        assert.deepEqual(
          toAnn.likes.map(({ userId }) => userId),
          [13, 12, 11],
        );
        assert.deepEqual(
          toAnn.comments.map(({ commentId, content }) => [commentId, content]),
          older
            .slice(1)
            .reverse()
            .map((id) => [id, `text of ${id}`]),
        );
        assert.deepEqual(toAnn.users.map(({ userId }) => userId).sort(), [11, 12, 13, BEN].sort());
        const toNobody = (await reads.tweet({ tweetId, viewer: null })).items[0]!.tweetView;
        assert.deepEqual(
          toNobody.likes.map(({ userId }) => userId),
          [179, 178, 177],
          'what one reader is shown is no other reader’s tweet view',
        );
      });

      test('searches no further than 200 rows', async () => {
        const tweetId = posted(BEN);
        for (let userId = 10; userId <= 10 + LIMITS.previewSearched; userId++) {
          world.join(userId);
          world.like(tweetId, userId);
          if (userId > 10) world.users.get(ANN)!.blocking.add(userId);
        }
        assert.deepEqual((await home()).items[0]!.tweetView.likes, []);
        world.users.get(ANN)!.blocking.delete(12);
        const { likes } = (await home()).items[0]!.tweetView;
        assert.deepEqual(
          likes.map(({ userId }) => userId),
          [12],
        );
      });

      test('shows the next comment where the text of one was deleted', async () => {
        const tweetId = posted(BEN);
        const comments = [1, 2, 3, 4].map(() => world.comment(tweetId, CAT));
        world.remove(comments[3]!);
        const shown = (await home()).items[0]!.tweetView.comments.map(({ commentId }) => commentId);
        assert.deepEqual(shown, [comments[2], comments[1], comments[0]]);
      });
    });

    describe('a home', () => {
      test('leaves out deleted tweets, and authors whom the reader may not see or has muted', async () => {
        const kept = posted(BEN);
        const gone = posted(BEN);
        const muted = posted(CAT);
        const locked = posted(DAN);
        world.remove(gone);
        world.users.get(ANN)!.muting.add(CAT);
        world.setAccount(DAN, { protected: true });
        assert.deepEqual(idsOf(await home()), [kept]);
        world.follow(ANN, DAN);
        assert.deepEqual(idsOf(await home()), [locked, kept]);
        world.users.get(ANN)!.muting.clear();
        world.users.get(CAT)!.blocking.add(ANN);
        assert.deepEqual(idsOf(await home()), [locked, kept]);
        world.users.get(CAT)!.blocking.clear();
        assert.deepEqual(idsOf(await home()), [locked, muted, kept]);
        world.setAccount(BEN, { state: 'suspended' });
        assert.deepEqual(idsOf(await home()), [locked, muted]);
      });

      test('leaves out a tweet whose reposters are all hidden, and names only visible ones', async () => {
        const tweetId = posted(BEN);
        reposted(tweetId, CAT, DAN);
        world.setAccount(CAT, { state: 'suspended' });
        assert.deepEqual(
          (await home()).items[0]!.repostedBy.map(({ userId }) => userId),
          [DAN],
        );
        world.setAccount(DAN, { protected: true });
        assert.deepEqual(idsOf(await home()), []);
        world.follow(ANN, DAN);
        assert.deepEqual(idsOf(await home()), [tweetId]);
        world.users.get(ANN)!.muting.add(DAN);
        assert.deepEqual(idsOf(await home()), []);
      });

      test('has full pages until it ends, each tweet once, whatever is hidden', async () => {
        const expected: TweetId[] = [];
        for (let i = 0; i < 300; i++) {
          const visible = i % 7 === 0 || (i > 100 && i < 120);
          const tweetId = posted(visible ? BEN : CAT);
          if (visible) expected.unshift(tweetId);
        }
        world.users.get(ANN)!.muting.add(CAT);
        const pages = await homePages(10);
        assert.deepEqual(pages.flatMap(idsOf), expected);
        for (const page of pages.slice(0, -1)) assert.equal(page.items.length, 10);
        assert.ok(pages.every((page) => !page.partial && namesOf(page).every((userId) => userId === BEN)));
      });

      test('has a full page though a whole home timeline above it is hidden', async () => {
        const visible = [posted(BEN), posted(BEN)].reverse();
        for (let i = 0; i < LIMITS.homeTimeline; i++) posted(CAT);
        world.users.get(ANN)!.muting.add(CAT);
        assert.deepEqual(idsOf(await home(null, 2)), visible);
      });

      test('spends a bounded number of rounds on a long run of hidden tweets', async () => {
        const oldest = posted(BEN);
        for (let i = 0; i < 3_000; i++) posted(CAT);
        world.users.get(ANN)!.muting.add(CAT);
        const first = await home(null, 1);
        assert.deepEqual(idsOf(first), []);
        assert.notEqual(first.next, null, 'the list goes on');
        assert.ok(skeleton.rounds <= 12);
        const pages = await homePages(100);
        assert.deepEqual(pages.flatMap(idsOf), [oldest]);
      });
    });

    test('whom a page learnt of in its first round it shows so to itself alone, should they change before the second', async () => {
      const [below, , above] = [posted(BEN), posted(CAT), posted(BEN)];
      world.users.get(ANN)!.muting.add(CAT);
      skeleton.ready = async () => {
        if (skeleton.rounds === 1) world.setAccount(BEN, { protected: true });
      };
      assert.deepEqual(idsOf(await home(null, 2)), [above, below]);
      for (const tweetId of [above, below]) {
        await assert.rejects(reads.tweet({ tweetId, viewer: NOBODY }), (error) =>
          isWarbleError(error, 'not_found'),
        );
      }
    });

    describe("a user's own tweets", () => {
      const byAuthor = (viewer: UserId | null, before: TweetId | null = null, limit = 20) =>
        reads.byAuthor({ author: BEN, viewer, before, limit });

      test('are listed newest first, page after page, for everybody who may read them', async () => {
        const all = Array.from({ length: 5 }, () => world.post(BEN)).reverse();
        world.remove(all[1]!);
        const expected = all.filter((_, index) => index !== 1);
        const first = await byAuthor(NOBODY, null, 2);
        assert.deepEqual([...idsOf(first), ...idsOf(await byAuthor(NOBODY, first.next, 2))], expected);
        assert.equal((await byAuthor(NOBODY, first.next, 2)).next, null, 'the end is known');
        assert.equal(first.items[0]!.viewer, null);
      });

      test('are hidden like their author: not found where invisible, empty where protected', async () => {
        const tweetId = world.post(BEN);
        const isNotFound = (error: unknown) => isWarbleError(error, 'not_found');
        world.setAccount(BEN, { protected: true });
        for (const viewer of [NOBODY, ANN]) assert.deepEqual(idsOf(await byAuthor(viewer)), []);
        for (const viewer of [BEN]) assert.deepEqual(idsOf(await byAuthor(viewer)), [tweetId]);
        world.follow(CAT, BEN);
        assert.deepEqual(idsOf(await byAuthor(CAT)), [tweetId]);
        world.users.get(BEN)!.blocking.add(CAT);
        await assert.rejects(byAuthor(CAT), isNotFound);
        world.users.get(DAN)!.blocking.add(BEN);
        await assert.rejects(byAuthor(DAN), isNotFound);
        world.setAccount(BEN, { state: 'deactivated' });
        await assert.rejects(byAuthor(NOBODY), isNotFound);
        await assert.rejects(reads.byAuthor({ author: 99, viewer: ANN, before: null, limit: 1 }), isNotFound);
      });
    });

    test('one tweet is found where it may be read; deleted, hidden and missing ones look the same', async () => {
      const tweetId = world.post(BEN);
      const commentId = world.comment(tweetId, CAT);
      const tweet = (id: TweetId, viewer: UserId | null) => reads.tweet({ tweetId: id, viewer });
      const isNotFound = (error: unknown) => isWarbleError(error, 'not_found');
      assert.deepEqual(idsOf(await tweet(tweetId, NOBODY)), [tweetId]);
      await assert.rejects(tweet(commentId as number, NOBODY), isNotFound);
      await assert.rejects(tweet(12345, ANN), isNotFound);
      world.users.get(ANN)!.blocking.add(BEN);
      await assert.rejects(tweet(tweetId, ANN), isNotFound);
      world.users.get(CAT)!.muting.add(BEN);
      assert.deepEqual(idsOf(await tweet(tweetId, CAT)), [tweetId], 'mute hides nothing here');
      world.setAccount(BEN, { protected: true });
      await assert.rejects(tweet(tweetId, CAT), isNotFound);
      assert.deepEqual(idsOf(await tweet(tweetId, BEN)), [tweetId]);
      world.remove(tweetId);
      await assert.rejects(tweet(tweetId, BEN), isNotFound);
    });

    describe('global top lists', () => {
      test('a list of a thousand has full pages though some tweets are hidden, and never changes', async () => {
        const all: TweetId[] = [];
        for (let i = 0; i < LIMITS.globalTop; i++) all.push(world.post(i % 3 === 0 ? CAT : BEN));
        world.users.get(CAT)!.blocking.add(ANN);
        await listTop(all, 's1');
        const seen: TweetId[] = [];
        for (let position: TopPosition | null = null; ; ) {
          const page: FeedPage<TopPosition> = await top(ANN, position, 30);
          seen.push(...idsOf(page));
          if (page.next === null) break;
          assert.equal(page.items.length, 30);
          position = page.next;
          await listTop([all[5]!], 's2');
        }
        assert.deepEqual(
          seen,
          all.filter((_, index) => index % 3 !== 0),
        );
        assert.deepEqual(idsOf(await top(ANN)), [all[5]], 'a fresh first page is of what is now');
      });

      test('a cursor whose snapshot is gone, or is of another window, has expired', async () => {
        const expired = (error: unknown) => isWarbleError(error, 'cursor_expired');
        await listTop([world.post(BEN), world.post(BEN)]);
        const { next } = await top(NOBODY, null, 1);
        await assert.rejects(reads.top({ viewer: null, window: '7d', position: next, limit: 1 }), expired);
        await listTop([world.post(BEN)], 's2');
        clock.advance(LIMITS.topSnapshotKept_ms);
        await assert.rejects(top(NOBODY, next), expired);
      });

      test('tweets deleted or protected since are gone for everybody at once', async () => {
        const [gone, locked, kept] = [world.post(BEN), world.post(CAT), world.post(DAN)];
        await listTop([gone, locked, kept]);
        world.remove(gone);
        world.follow(ANN, CAT);
        world.setAccount(CAT, { protected: true });
        for (const viewer of [NOBODY, ANN, CAT]) assert.deepEqual(idsOf(await top(viewer)), [kept]);
      });
    });

    test('a home top list has K tweets where there are as many, protected followees in it, muted users not', async () => {
      const all = Array.from({ length: 40 }, (_, i) => world.post([BEN, CAT, DAN][i % 3]!));
      await listTop(all);
      world.users.get(ANN)!.muting.add(CAT);
      world.follow(ANN, DAN);
      world.setAccount(DAN, { protected: true });
      world.remove(all[0]!);
      const page = await reads.homeTop({ reader: ANN, window: 'all', k: 20, own: false });
      const expected = all.slice(1).filter((_, index) => (index + 1) % 3 !== 1);
      assert.deepEqual(idsOf(page), expected.slice(0, 20));
      assert.equal(page.next, null);
    });
  });
