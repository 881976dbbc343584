import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTimelines } from '#test/support/services.ts';
import type { Timeline } from '#timeline/timeline.ts';
import { inWorld } from './testing/notifications.ts';

const [ann, bob, cid] = [1, 2, 3] as const;

test('new tweets come from the home that the timeline service keeps', () => {
  let timeline: Timeline | undefined;
  return inWorld(
    [ann, bob, cid],
    async (world) => {
      ({ timeline } = createTimelines(world));
      // Fan-out says where it starts; until then no home is held.
      await timeline.progress({ tweets: [], reposts: [], started: true });
      await world.follow(ann, bob);
      await world.follow(ann, cid);
      const pulled = await world.post(bob);
      assert.deepEqual(await world.headlines(ann), ['tweet 2 (1)*']);

      const tweetId = await world.post(cid);
      const readers = Uint32Array.of(ann);
      await timeline.deliver({ deliveries: [{ activity: tweetId, actor: cid, tweetId, readers }] });
      assert.deepEqual(await world.headlines(ann), ['tweet 3,2 (2)*']);
      assert.equal(await world.unread(ann), 1);

      await world.remove(bob, pulled);
      assert.deepEqual(await world.headlines(ann), ['tweet 3 (1)*']);
      await world.notifications.markRead({ userId: ann, upTo: tweetId });
      assert.equal(await world.unread(ann), 0);
    },
    { instead: { timeline: { newTweetsSince: (request) => timeline!.newTweetsSince(request) } } },
  );
});
