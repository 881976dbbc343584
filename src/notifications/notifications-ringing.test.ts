/** How often the same act rings. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createManualClock } from '#platform/clock.ts';
import type { PubSubEvent } from '#queue/pubsub.ts';
import { COOLDOWN_MS, createLiveCooldown } from './live-cooldown.ts';
import type { Notification } from './notifications-store.ts';
import { inWorld, type World } from './testing/notifications.ts';

const [ann, bob, cid] = [1, 2, 3] as const;
const TIMES = 11;

/** How many of the events that somebody hears ring, and how many say only that something changed. */
function hear(world: World, user: number) {
  const heard: PubSubEvent[] = [];
  world.pubsub.subscribe(user, (event) => heard.push(event));
  return () => {
    const told = heard.splice(0).filter((event) => event.type === 'notification');
    const rang = told.filter(({ id }) => id !== null).length;
    return { rang, changed: told.length - rang };
  };
}

async function pass(world: World, duration_ms: number): Promise<void> {
  world.clock.advance(duration_ms);
}

describe('what is taken back and done again eleven times', () => {
  const acts: Record<
    string,
    (world: World, tweetId: number) => [() => Promise<unknown>, () => Promise<unknown>]
  > = {
    like: (world, tweetId) => [() => world.like(bob, tweetId), () => world.unlike(bob, tweetId)],
    repost: (world, tweetId) => [() => world.repost(bob, tweetId), () => world.unrepost(bob, tweetId)],
    follow: (world) => [() => world.follow(bob, ann), () => world.unfollow(bob, ann)],
    'follow that turns private': (world) => [
      () => world.follow(bob, ann),
      () => world.follow(bob, ann, true),
    ],
  };
  for (const [what, create] of Object.entries(acts)) {
    test(`rings once: a ${what}`, () =>
      inWorld([ann, bob, cid], async (world) => {
        const tweetId = await world.post(ann);
        const [act, takeBack] = create(world, tweetId);
        await world.settle();
        const heard = hear(world, ann);
        for (let i = 0; i < TIMES; i++) {
          await act();
          await world.settle();
          if (i === TIMES - 1) break;
          await takeBack();
          await world.settle();
        }
        const { rang, changed } = heard();
        assert.equal(rang, 1);
        assert.ok(changed >= TIMES - 1, 'the counts follow all the same');
        assert.equal((await world.headlines(ann)).length, 1);

        await world.like(cid, tweetId);
        await world.settle();
        assert.equal(heard().rang, 1, 'somebody else');
        await takeBack();
        await pass(world, COOLDOWN_MS);
        await act();
        await world.settle();
        assert.equal(heard().rang, 1, 'an hour later');
      }));
  }

  test('rings for each thing: likes of two tweets', () =>
    inWorld([ann, bob], async (world) => {
      const tweets = [await world.post(ann), await world.post(ann)];
      await world.settle();
      const heard = hear(world, ann);
      for (const tweetId of tweets) {
        await world.like(bob, tweetId);
        await world.settle();
      }
      assert.equal(heard().rang, 2);
    }));

  test('of a storm of likes in one commit only the new ones ring', () =>
    inWorld([ann, bob, cid], async (world) => {
      const tweetId = await world.post(ann);
      await world.like(bob, tweetId);
      await world.settle();
      const heard = hear(world, ann);
      await world.unlike(bob, tweetId);
      await world.like(cid, tweetId);
      await world.like(bob, tweetId);
      await world.settle();
      assert.equal(heard().rang, 1);
    }));
});

test('what rang is remembered within a bound: the one that rang longest ago is forgotten', () => {
  const cooldown = createLiveCooldown({ clock: createManualClock(0), maxKept: 2 });
  const like = (actor: number): Notification => ({
    recipient: ann,
    id: actor,
    type: 'like',
    tweetId: 7,
    commentId: null,
    actor,
  });
  assert.deepEqual(
    [1, 2, 1, 3, 2, 1].map((actor) => cooldown.allows(like(actor))),
    [true, true, false, true, false, true],
  );
});
