import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import type { CommentId, TweetId, UserId } from '#domain/ids.ts';
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

    beforeEach(async () => {
      ({ clock, world, reads, skeleton, posted, reposted, home, homePages, listTop, top } =
        await createLists(cacheFor));
    });

    describe('a page', () => {
      test('costs one call to each service, two to those that are asked for comments', async () => {
        const tweetId = await posted(BEN);
        await posted(CAT);
        await world.comment(CAT, tweetId);
        await world.like(DAN, tweetId);
        world.calls.clear();
        await home();
        assert.deepEqual(Object.fromEntries(world.calls), {
          'tweets.get': 2,
          'engagement.summaries': 1,
          'social.visibleProfiles': 1,
        });
      });

      test('shows counts, previews and what the reader did, and names every user in it once', async () => {
        const tweetId = await posted(BEN);
        await world.like(ANN, tweetId);
        await world.like(DAN, tweetId);
        const commentId = await world.comment(CAT, tweetId);
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
          [[commentId, CAT, 'indeed']],
        );
        assert.deepEqual([likeCount, commentCount, viewer], [2, 1, { liked: true, reposted: false }]);
        assert.deepEqual([repostedBy.map(({ userId }) => userId), repostTime], [[CAT], clock.now()]);
        assert.deepEqual(namesOf(page), [ANN, BEN, CAT, DAN]);
        assert.deepEqual(tweetView.users[0], { userId: BEN, handle: 'p2', name: 'p2', picture: '' });
      });

      test('shows the newest three likes and comments that the reader may see, of the newest eight', async () => {
        const tweetId = await posted(BEN);
        for (let userId = 10; userId < 20; userId++) {
          await world.users(userId);
          await world.like(userId, tweetId);
          await world.comment(userId, tweetId);
        }
        for (const hidden of [19, 17]) await world.block(hidden, ANN);
        await world.protect(16);
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
        const tweetId = await posted(BEN);
        const bothDo = async (userId: UserId) => {
          await world.users(userId);
          await world.like(userId, tweetId);
          return world.comment(userId, tweetId, `by ${userId}`);
        };
        const older: CommentId[] = [];
        for (const userId of [10, 11, 12, 13]) older.push(await bothDo(userId));
        for (let userId = 20; userId < 180; userId++) {
          await bothDo(userId);
          await world.block(ANN, userId);
        }
        const toAnn = (await home()).items[0]!.tweetView;
        assert.deepEqual(
          toAnn.likes.map(({ userId }) => userId),
          [13, 12, 11],
        );
        assert.deepEqual(
          toAnn.comments.map(({ commentId, content }) => [commentId, content]),
          [
            [older[3], 'by 13'],
            [older[2], 'by 12'],
            [older[1], 'by 11'],
          ],
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
        const tweetId = await posted(BEN);
        for (let userId = 10; userId <= 10 + LIMITS.previewSearched; userId++) {
          await world.users(userId);
          await world.like(userId, tweetId);
          if (userId > 10) await world.block(ANN, userId);
        }
        assert.deepEqual((await home()).items[0]!.tweetView.likes, []);
        await world.unblock(ANN, 12);
        const { likes } = (await home()).items[0]!.tweetView;
        assert.deepEqual(
          likes.map(({ userId }) => userId),
          [12],
        );
      });

      test('shows the next comment where the text of one was deleted', async () => {
        const tweetId = await posted(BEN);
        const comments: CommentId[] = [];
        for (let i = 0; i < 4; i++) comments.push(await world.comment(CAT, tweetId));
        await world.removeComment(CAT, tweetId, comments[3]!);
        const shown = (await home()).items[0]!.tweetView.comments.map(({ commentId }) => commentId);
        assert.deepEqual(shown, [comments[2], comments[1], comments[0]]);
      });
    });

    describe('a home', () => {
      test('leaves out deleted tweets, and authors whom the reader may not see or has muted', async () => {
        const kept = await posted(BEN);
        const gone = await posted(BEN);
        const muted = await posted(CAT);
        const locked = await posted(DAN);
        await world.remove(BEN, gone);
        await world.mute(ANN, CAT);
        await world.protect(DAN);
        assert.deepEqual(idsOf(await home()), [kept]);
        await world.follow(ANN, DAN);
        await world.answer(DAN, ANN, true);
        assert.deepEqual(idsOf(await home()), [locked, kept]);
        await world.unmute(ANN, CAT);
        await world.block(CAT, ANN);
        assert.deepEqual(idsOf(await home()), [locked, kept]);
        await world.unblock(CAT, ANN);
        assert.deepEqual(idsOf(await home()), [locked, muted, kept]);
        await world.setState(BEN, 'suspended');
        assert.deepEqual(idsOf(await home()), [locked, muted]);
      });

      test('leaves out a tweet whose reposters are all hidden, and names only visible ones', async () => {
        const tweetId = await posted(BEN);
        reposted(tweetId, CAT, DAN);
        await world.setState(CAT, 'suspended');
        assert.deepEqual(
          (await home()).items[0]!.repostedBy.map(({ userId }) => userId),
          [DAN],
        );
        await world.protect(DAN);
        assert.deepEqual(idsOf(await home()), []);
        await world.follow(ANN, DAN);
        await world.answer(DAN, ANN, true);
        assert.deepEqual(idsOf(await home()), [tweetId]);
        await world.mute(ANN, DAN);
        assert.deepEqual(idsOf(await home()), []);
      });

      test('has full pages until it ends, each tweet once, whatever is hidden', async () => {
        const expected: TweetId[] = [];
        for (let i = 0; i < 300; i++) {
          const visible = i % 7 === 0 || (i > 100 && i < 120);
          const tweetId = await posted(visible ? BEN : CAT);
          if (visible) expected.unshift(tweetId);
        }
        await world.mute(ANN, CAT);
        const pages = await homePages(10);
        assert.deepEqual(pages.flatMap(idsOf), expected);
        for (const page of pages.slice(0, -1)) assert.equal(page.items.length, 10);
        assert.ok(pages.every((page) => !page.partial && namesOf(page).every((userId) => userId === BEN)));
      });

      test('has a full page though a whole home timeline above it is hidden', async () => {
        const visible = [await posted(BEN), await posted(BEN)].reverse();
        for (let i = 0; i < LIMITS.homeTimeline; i++) await posted(CAT);
        await world.mute(ANN, CAT);
        assert.deepEqual(idsOf(await home(null, 2)), visible);
      });

      test('spends a bounded number of rounds on a long run of hidden tweets', async () => {
        const oldest = await posted(BEN);
        for (let i = 0; i < 3_000; i++) await posted(CAT);
        await world.mute(ANN, CAT);
        const first = await home(null, 1);
        assert.deepEqual(idsOf(first), []);
        assert.notEqual(first.next, null, 'the list goes on');
        assert.ok(skeleton.rounds <= 12);
        const pages = await homePages(100);
        assert.deepEqual(pages.flatMap(idsOf), [oldest]);
      });
    });

    test('whom a page learnt of in its first round it shows so to itself alone, should they change before the second', async () => {
      const [below, , above] = [await posted(BEN), await posted(CAT), await posted(BEN)];
      await world.mute(ANN, CAT);
      skeleton.ready = async () => {
        if (skeleton.rounds === 1) await world.protect(BEN);
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
        const all: TweetId[] = [];
        for (let i = 0; i < 5; i++) all.unshift(await world.post(BEN));
        await world.remove(BEN, all[1]!);
        const expected = all.filter((_, index) => index !== 1);
        const first = await byAuthor(NOBODY, null, 2);
        assert.deepEqual([...idsOf(first), ...idsOf(await byAuthor(NOBODY, first.next, 2))], expected);
        assert.equal((await byAuthor(NOBODY, first.next, 2)).next, null, 'the end is known');
        assert.equal(first.items[0]!.viewer, null);
      });

      test('are hidden like their author: not found where invisible, empty where protected', async () => {
        const tweetId = await world.post(BEN);
        const isNotFound = (error: unknown) => isWarbleError(error, 'not_found');
        await world.protect(BEN);
        for (const viewer of [NOBODY, ANN]) assert.deepEqual(idsOf(await byAuthor(viewer)), []);
        for (const viewer of [BEN]) assert.deepEqual(idsOf(await byAuthor(viewer)), [tweetId]);
        await world.follow(CAT, BEN);
        await world.answer(BEN, CAT, true);
        assert.deepEqual(idsOf(await byAuthor(CAT)), [tweetId]);
        await world.block(BEN, CAT);
        await assert.rejects(byAuthor(CAT), isNotFound);
        await world.block(DAN, BEN);
        await assert.rejects(byAuthor(DAN), isNotFound);
        await world.setState(BEN, 'deactivated');
        await assert.rejects(byAuthor(NOBODY), isNotFound);
        await assert.rejects(reads.byAuthor({ author: 99, viewer: ANN, before: null, limit: 1 }), isNotFound);
      });
    });

    test('one tweet is found where it may be read; deleted, hidden and missing ones look the same', async () => {
      const tweetId = await world.post(BEN);
      const commentId = await world.comment(CAT, tweetId);
      const tweet = (id: TweetId, viewer: UserId | null) => reads.tweet({ tweetId: id, viewer });
      const isNotFound = (error: unknown) => isWarbleError(error, 'not_found');
      assert.deepEqual(idsOf(await tweet(tweetId, NOBODY)), [tweetId]);
      await assert.rejects(tweet(commentId as number, NOBODY), isNotFound);
      await assert.rejects(tweet(12345, ANN), isNotFound);
      await world.block(ANN, BEN);
      await assert.rejects(tweet(tweetId, ANN), isNotFound);
      await world.mute(CAT, BEN);
      assert.deepEqual(idsOf(await tweet(tweetId, CAT)), [tweetId], 'mute hides nothing here');
      await world.protect(BEN);
      await assert.rejects(tweet(tweetId, CAT), isNotFound);
      assert.deepEqual(idsOf(await tweet(tweetId, BEN)), [tweetId]);
      await world.remove(BEN, tweetId);
      await assert.rejects(tweet(tweetId, BEN), isNotFound);
    });

    describe('global top lists', () => {
      test('a list of a thousand has full pages though some tweets are hidden, and never changes', async () => {
        const all: TweetId[] = [];
        for (let i = 0; i < LIMITS.globalTop; i++) all.push(await world.post(i % 3 === 0 ? CAT : BEN));
        await world.block(CAT, ANN);
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
        await listTop([await world.post(BEN), await world.post(BEN)]);
        const { next } = await top(NOBODY, null, 1);
        await assert.rejects(reads.top({ viewer: null, window: '7d', position: next, limit: 1 }), expired);
        await listTop([await world.post(BEN)], 's2');
        clock.advance(LIMITS.topSnapshotKept_ms);
        await assert.rejects(top(NOBODY, next), expired);
      });

      test('tweets deleted or protected since are gone for everybody at once', async () => {
        const [gone, locked, kept] = [await world.post(BEN), await world.post(CAT), await world.post(DAN)];
        await listTop([gone, locked, kept]);
        await world.remove(BEN, gone);
        await world.follow(ANN, CAT);
        await world.protect(CAT);
        for (const viewer of [NOBODY, ANN, CAT]) assert.deepEqual(idsOf(await top(viewer)), [kept]);
      });
    });

    test('a home top list has K tweets where there are as many, protected followees in it, muted users not', async () => {
      const all: TweetId[] = [];
      for (let i = 0; i < 40; i++) all.push(await world.post([BEN, CAT, DAN][i % 3]!));
      await listTop(all);
      await world.mute(ANN, CAT);
      await world.follow(ANN, DAN);
      await world.protect(DAN);
      await world.remove(BEN, all[0]!);
      const page = await reads.homeTop({ reader: ANN, window: 'all', k: 20, own: false });
      const expected = all.slice(1).filter((_, index) => (index + 1) % 3 !== 1);
      assert.deepEqual(idsOf(page), expected.slice(0, 20));
      assert.equal(page.next, null);
    });
  });
