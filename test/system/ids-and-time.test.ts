/** Ids of a whole system: what they encode, and that they grow whatever the machine's clock does. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createPasswordHasher } from '#accounts/password-hasher.ts';
import { PARTITIONS, partitionOf, partitionOfId } from '#domain/events.ts';
import { ownerHash, ownerHashOf } from '#domain/ids.ts';
import { createManualClock, type ManualClock } from '#platform/clock.ts';
import { createSeededRandom } from '#platform/random.ts';
import { createLogger } from '#system/logger.ts';
import { createPublicApi } from '#system/public-api.ts';
import { createSystem } from '#system/system.ts';

const T0 = Date.UTC(2026, 0, 21, 10, 24, 1);
const HOUR_MS = 3_600_000;
const traceId = 'test';

async function open(directory: string, clock: ManualClock) {
  const random = createSeededRandom(7);
  const file = (name: string) => join(directory, name);
  mkdirSync(file('media'), { recursive: true });
  const system = await createSystem({ file, clock, random });
  const api = await createPublicApi({
    system,
    config: { rateLimits: 'off', quotas: {}, metricsToken: null },
    directory: { file },
    random,
    logger: createLogger('silent'),
    version: '',
    hasher: createPasswordHasher({ random, memory_KiB: 8, passes: 1 }),
  });
  const { tweets, social, engagement } = system.services;
  return {
    services: system.services,
    accounts: api.accounts,
    users: async (...userIds: number[]) => {
      for (const userId of userIds) {
        const handle = `p${userId}`;
        await social.createUser({ userId, handle, name: handle, time: system.clock.now() });
      }
    },
    post: async (author: number) => {
      const text = { content: 'hello', images: [], appId: null, idempotency: null };
      return (await tweets.post({ author, ...text, traceId })).tweetId;
    },
    comment: async (actor: number, tweetId: number) => {
      const text = { content: 'well', idempotency: null };
      return (await engagement.comment({ actor, tweetId, ...text, traceId })).commentId;
    },
    async like(actor: number, tweetId: number) {
      await engagement.like({ actor, tweetId, traceId });
      return (await engagement.likes({ viewer: actor, tweetId, before: null, limit: 1 })).items[0]!.id;
    },
    async repost(actor: number, tweetId: number) {
      await engagement.repost({ actor, tweetId, traceId });
      return (await engagement.reposts({ viewer: actor, tweetId, before: null, limit: 1 })).items[0]!.id;
    },
    async follow(follower: number, followee: number) {
      await social.follow({ follower, followee, private: false, traceId });
      return (await social.follows({ pairs: [{ follower, followee }] }))[0]!.id;
    },
    signIn: async () =>
      Number((await api.accounts.logIn({ handle: 'ann', password: PASSWORD, ...FROM })).sessionId),
    async crash() {
      await api.close({ deadline_ms: 1_000 });
      await api.closeStores();
      system.crash();
    },
  };
}

const PASSWORD = 'ann likes long passwords';
const FROM = { device: '', client: { address: '192.0.2.1' } };

describe('ids', () => {
  let directory: string;
  let clock: ManualClock;
  let site: Awaited<ReturnType<typeof open>>;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'warble-ids-'));
    clock = createManualClock(T0);
    site = await open(directory, clock);
  });
  afterEach(async () => {
    await site.crash();
    rmSync(directory, { recursive: true });
  });

  /** Kills the process, sets the machine's clock, and starts another. */
  async function restart(by_ms: number): Promise<void> {
    await site.crash();
    clock.setWall(clock.now() + by_ms);
    site = await open(directory, clock);
  }

  test('encode their owner: the partition follows from ids of tweets, comments and reposts', async () => {
    const users = Array.from({ length: 2 * PARTITIONS }, (_, n) => n + 1);
    await site.users(...users);
    for (const author of users) {
      const actor = (author % users.length) + 1;
      const tweetId = await site.post(author);
      assert.equal(partitionOfId(tweetId), partitionOf(author));
      assert.equal(partitionOfId(await site.comment(actor, tweetId)), partitionOf(author), 'a comment');
      assert.equal(partitionOfId(await site.repost(actor, tweetId)), partitionOf(actor), 'a repost');
      assert.equal(ownerHashOf(await site.like(actor, tweetId)), ownerHash(actor), 'a like');
      assert.equal(ownerHashOf(await site.follow(actor, author)), ownerHash(actor), 'a follow');
      clock.advance(1);
    }
  });

  test('grow across a crash and a clock that was set back, even where the highest one has been deleted', async () => {
    const [ann, ben] = [1, 2];
    await site.users(ann, ben);
    const tweetId = await site.post(ann);
    clock.advance(HOUR_MS);
    const like = await site.like(ben, tweetId);
    await site.services.engagement.unlike({ actor: ben, tweetId, traceId });
    await restart(-HOUR_MS);
    const next = await site.post(ben);
    assert.ok(next > like);
    const follow = await site.follow(ben, ann);
    await site.services.social.unfollow({ follower: ben, followee: ann, traceId });
    await restart(-36_000);
    assert.ok((await site.follow(ben, ann)) > follow && follow > next);
    clock.advance(HOUR_MS);
    const comment = await site.comment(ben, tweetId);
    await restart(-HOUR_MS);
    assert.ok((await site.post(ann)) > comment);
  });

  test('of sessions, too', async () => {
    await site.accounts.signUp({ handle: 'ann', password: PASSWORD, name: 'Ann', ...FROM });
    clock.advance(HOUR_MS);
    const first = await site.signIn();
    await restart(-HOUR_MS);
    assert.ok((await site.signIn()) > first);
  });
});
