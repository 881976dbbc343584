import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { isWarbleError, WarbleError } from '#domain/errors.ts';
import { ANN, BEN, createLists, type Lists, NOBODY, TWEET_VIEW_CHANGES } from '#timeline/testing/lists.ts';

for (const [kind, cacheFor] of TWEET_VIEW_CHANGES)
  describe(`lists of tweets ${kind}, when a service is down`, () => {
    let { world, reads, skeleton, posted, home, listTop, top } = {} as Lists;

    beforeEach(async () => {
      ({ world, reads, skeleton, posted, home, listTop, top } = await createLists(cacheFor));
    });

    test('engagement: without counts and previews, and the page says so', async () => {
      const tweetId = await posted(BEN);
      await world.like(ANN, tweetId);
      world.down.add('engagement');
      for (const page of [await home(), await reads.tweet({ tweetId, viewer: ANN })]) {
        assert.deepEqual(page.degraded, ['engagement']);
        const { viewer, tweetView } = page.items[0]!;
        const { likeCount, commentCount, repostCount, likes } = tweetView;
        assert.deepEqual([likeCount, commentCount, repostCount, viewer, likes], [null, null, null, null, []]);
      }
    });

    test('social: without what cannot be checked, and the page says so', async () => {
      const tweetId = await posted(BEN);
      await listTop([tweetId]);
      world.down.add('social');
      const pages = [
        await home(),
        await top(NOBODY),
        await reads.byAuthor({ author: BEN, viewer: ANN, before: null, limit: 5 }),
      ];
      for (const { items, next, partial } of pages) {
        assert.deepEqual([items, next, partial], [[], null, true]);
      }
      await assert.rejects(reads.tweet({ tweetId, viewer: ANN }), (error) =>
        isWarbleError(error, 'unavailable'),
      );
    });

    const homeTop = () => reads.homeTop({ reader: ANN, window: 'all', k: 5, own: false });

    test('social, before the followees are known: homes and their top lists are empty, and say so', async () => {
      await listTop([await posted(BEN)]);
      skeleton.ready = () => world.social.followeesOf({ follower: ANN });
      world.down.add('social');
      for (const { items, next, partial } of [await home(), await homeTop()]) {
        assert.deepEqual([items, next, partial], [[], null, true]);
      }
    });

    test('another service that a home needs: the home fails, rather than being called empty', async () => {
      await listTop([await posted(BEN)]);
      for (const failure of [
        new WarbleError('unavailable', 'The tweets are down.'),
        new WarbleError('overloaded', 'Too many homes at once.'),
        new TypeError('a mistake'),
      ]) {
        skeleton.ready = () => Promise.reject(failure);
        await assert.rejects(home(), failure);
        await assert.rejects(homeTop(), failure);
      }
    });
  });
