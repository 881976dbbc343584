/** Each type of notification is made by some act. A new type does not compile until its act is here. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NOTIFICATION_TYPES, type NotificationType } from '#domain/names.ts';
import { inWorld, type World } from './testing/notifications.ts';

const [ann, bob] = [1, 2] as const;

/** What bob does so that ann is told. */
const ACTS: Record<NotificationType, (world: World) => Promise<unknown>> = {
  like: async (world) => world.like(bob, await world.post(ann)),
  comment: async (world) => world.comment(bob, await world.post(ann)),
  repost: async (world) => world.repost(bob, await world.post(ann)),
  mention: (world) => world.post(bob, 'come and see, @p1'),
  follow: (world) => world.follow(bob, ann),
  async followRequest(world) {
    await world.protect(ann);
    await world.follow(bob, ann);
  },
  async tweet(world) {
    await world.follow(ann, bob);
    await world.post(bob);
  },
};

describe('somebody is told of', () => {
  for (const type of NOTIFICATION_TYPES) {
    test(type, () =>
      inWorld([ann, bob], async (world) => {
        await ACTS[type](world);
        await world.settle();
        const { notifications } = await world.notifications.list({ userId: ann, before: null, limit: 10 });
        assert.deepEqual(
          notifications.map((notification) => [notification.type, notification.actors]),
          [[type, [bob]]],
          'candidates.ts makes notifications of engagements and tweets, notifications-view.ts of follows',
        );
      }),
    );
  }
});
