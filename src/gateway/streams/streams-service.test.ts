import assert from 'node:assert/strict';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import type { Session } from '#accounts/accounts.ts';
import { isWarbleError, WarbleError } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';
import { createWorld } from '#notifications/testing/notifications.ts';
import { createSeededRandom } from '#platform/random.ts';
import { createStreamsService, type StreamsServiceDeps } from './streams-service.ts';

const [ANN, BOB, CAT] = [1, 2, 3];
const session = (userId: number, sessionId = '10'): Session => ({ userId, sessionId });

interface Told {
  id: string;
  event: string | undefined;
  data: Record<string, unknown> | undefined;
}

/** Reads a stream as a browser would; `rest` takes what is there. */
function reader(out: Readable) {
  let text = '';
  let ended = false;
  out.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  out.on('close', () => {
    ended = true;
  });
  return {
    out,
    ended: () => ended,
    text: () => text,
    /** Events with data, as far as they came whole. */
    events(): Told[] {
      return text
        .split('\n\n')
        .slice(0, -1)
        .map((block) =>
          Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2))),
        )
        .filter((fields) => fields.data !== undefined)
        .map(({ id, event, data }) => ({ id, event, data: JSON.parse(data) }));
    },
    lastId: () =>
      text
        .match(/^id: (.*)$/gm)!
        .at(-1)!
        .slice(4),
  };
}

/** Waits until something holds; every turn lets what is under way go on. */
async function until(holds: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < 10_000; turn++) {
    if (holds()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.fail(`never: ${what}`);
}

async function inStreams(
  body: (world: Awaited<ReturnType<typeof createStreams>>) => Promise<void>,
  instead: Partial<StreamsServiceDeps> = {},
): Promise<void> {
  const world = await createStreams(instead);
  try {
    await body(world);
  } finally {
    world.streams.close();
  }
}
async function createStreams(instead: Partial<StreamsServiceDeps>) {
  const world = createWorld();
  const revoked = new Set<string>();
  const accounts = {
    activeSessions: async ({ sessions }: { sessions: Session[] }) =>
      sessions.filter(({ sessionId }) => !revoked.has(sessionId)),
  };
  const streams = createStreamsService({ ...world, accounts, random: createSeededRandom(5), ...instead });
  await world.users(ANN, BOB, CAT);
  await world.follow(ANN, BOB);
  await world.settle();
  const open = (userId: number, lastEventId: string | null = null, sessionId?: string) =>
    reader(streams.open({ session: session(userId, sessionId), lastEventId }));
  return {
    ...world,
    streams,
    revoked,
    open,
    /** Tells somebody of a tweet, as fan-out does. */
    tweet: (user: number, author: number, tweetId: number) =>
      world.pubsub.publish(user, { type: 'tweet', tweetId, userId: author, time: world.clock.now() }),
    beat: () => streams.workers[0]!.step(),
  };
}
const names = (stream: ReturnType<typeof reader>) => stream.events().map(({ event }) => event);
const tweetIds = (stream: ReturnType<typeof reader>) => stream.events().map(({ data }) => data?.tweetId);

test('a stream begins with retry, and tells of the tweets of those one follows', () =>
  inStreams(async ({ open, tweet, clock }) => {
    const stream = open(ANN);
    tweet(ANN, BOB, 100);
    await until(() => stream.events().length === 1, 'the tweet');
    const [, retry_ms] = /^retry: (\d+)\n/.exec(stream.text())!;
    assert.ok(Number(retry_ms) >= 2_000 && Number(retry_ms) <= 10_000);
    const [told] = stream.events();
    assert.match(told!.id, /^[0-9a-f]{12}-1$/);
    const time = new Date(clock.now()).toISOString();
    assert.deepEqual([told!.event, told!.data], ['tweet', { tweetId: '100', userId: String(BOB), time }]);
  }));

test('tweets of the muted, the blocked and the not followed are not told', () =>
  inStreams(async ({ open, tweet, mute, unmute, block, pubsub }) => {
    const stream = open(ANN);
    tweet(ANN, CAT, 1);
    await mute(ANN, BOB);
    tweet(ANN, BOB, 2);
    pubsub.publish(ANN, { type: 'delete', tweetId: 9 });
    await until(() => stream.events().length === 1, 'the deletion');
    await unmute(ANN, BOB);
    tweet(ANN, BOB, 3);
    await until(() => stream.events().length === 2, 'the tweet of the unmuted');
    await block(BOB, ANN);
    tweet(ANN, BOB, 4);
    pubsub.publish(ANN, { type: 'delete', tweetId: 10 });
    await until(() => stream.events().length === 3, 'the second deletion');
    assert.deepEqual(tweetIds(stream), ['9', '3', '10']);
  }));

test('a notification is told as it is listed, with the counts after it', () =>
  inStreams(async ({ open, post, like, settle, notifications }) => {
    const tweetId = await post(ANN);
    const stream = open(ANN);
    await like(BOB, tweetId);
    await settle();
    await until(() => names(stream).includes('counts'), 'the counts');
    const [told, counts] = stream.events();
    const { notifications: listed } = await notifications.list({ userId: ANN, before: null, limit: 1 });
    assert.deepEqual(
      [told?.event, told?.data?.id, told?.data?.type, told?.data?.tweetId, told?.data?.read],
      ['notification', String(listed[0]!.id), 'like', String(tweetId), false],
    );
    assert.deepEqual(Object.keys(told?.data?.users as object), [String(BOB)]);
    assert.deepEqual([counts?.event, counts?.data], ['counts', { unread: 1 }]);
  }));

test('a client that comes back gets what came since, checked again', () =>
  inStreams(async ({ open, tweet, mute, follow }) => {
    await follow(ANN, CAT);
    const first = open(ANN);
    tweet(ANN, BOB, 1);
    await until(() => first.events().length === 1, 'the first tweet');
    const lastId = first.lastId();
    first.out.destroy();
    await until(first.ended, 'the end');
    tweet(ANN, BOB, 2);
    tweet(ANN, CAT, 3);
    await mute(ANN, BOB);
    const second = open(ANN, lastId);
    await until(() => second.events().length === 1, 'what was missed');
    assert.deepEqual(tweetIds(second), ['3']);
    tweet(ANN, CAT, 4);
    await until(() => second.events().length === 2, 'what is new');
    assert.deepEqual(tweetIds(second), ['3', '4']);
  }));

test('even before its first event a stream has an id to come back with', () =>
  inStreams(async ({ open, tweet }) => {
    const first = open(ANN);
    await until(() => first.text() !== '', 'the beginning');
    first.out.destroy();
    tweet(ANN, BOB, 1);
    const second = open(ANN, first.lastId());
    await until(() => second.events().length === 1, 'what was missed');
  }));

test('an id that is not known any more, or never was, is told to fetch again', () =>
  inStreams(async ({ open, pubsub, clock, beat, tweet }) => {
    const stream = open(ANN);
    await until(() => stream.text() !== '', 'the beginning');
    const old = stream.lastId();
    const [epoch] = old.split('-');
    for (const id of ['nonsense', `${epoch}-7`, `${epoch}-01`, `${epoch}--1`, '0123456789ab-0', '']) {
      const other = open(ANN, id);
      await until(() => other.text() !== '', 'the beginning');
      assert.deepEqual(names(other), ['reset'], id);
      other.out.destroy();
      await until(other.ended, 'the end');
    }
    for (let i = 0; i < 600; i++) pubsub.publish(ANN, { type: 'delete', tweetId: i });
    const behind = open(ANN, old);
    tweet(ANN, BOB, 1);
    await until(() => behind.events().length === 2, 'reset and what is new');
    assert.deepEqual(names(behind), ['reset', 'tweet']);
    const recent = behind.lastId();
    for (const { out } of [stream, behind]) out.destroy();
    await until(() => stream.ended() && behind.ended(), 'both ends');
    clock.advance(6 * 60_000);
    await beat();
    assert.equal(pubsub.hasSubscribers(ANN), false, 'nobody came back, so nobody listens');
    const late = open(ANN, recent);
    await until(() => names(late).includes('reset'), 'reset');
  }));

test('a reader too slow costs no memory: it is closed, and told to fetch again on its return', () =>
  inStreams(async ({ streams, pubsub, open }) => {
    const out = streams.open({ session: session(ANN), lastEventId: null });
    let lastId = '';
    out.once('data', (bytes: Buffer) => {
      lastId = /^id: (.*)$/m.exec(bytes.toString())![1]!;
      out.pause();
    });
    await until(() => lastId !== '', 'the beginning');
    for (let i = 1; i <= 5_000; i++) {
      pubsub.publish(ANN, { type: 'delete', tweetId: i });
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      assert.ok(out.readableLength < 32 * 1024, 'what waits for it has a bound');
    }
    await until(() => out.destroyed, 'the end');
    const back = open(ANN, lastId);
    await until(() => names(back).includes('reset'), 'reset');
  }));

test('a reader as fast as the events misses none', () =>
  inStreams(async ({ open, pubsub }) => {
    const stream = open(ANN);
    for (let i = 1; i <= 2_000; i++) {
      pubsub.publish(ANN, { type: 'delete', tweetId: i });
      if (i % 100 === 0) await until(() => stream.events().length === i, `event ${i}`);
    }
    assert.deepEqual(
      tweetIds(stream),
      Array.from({ length: 2_000 }, (_, i) => String(i + 1)),
    );
  }));

test('when it cannot be checked who may be told, nothing is told, and it is told on return', async () => {
  let down = false;
  await inStreams(
    async ({ open, tweet, streams }) => {
      const stream = open(ANN);
      await until(() => stream.text() !== '', 'the beginning');
      down = true;
      tweet(ANN, BOB, 1);
      await until(stream.ended, 'the end');
      assert.equal(streams.count(), 0);
      assert.deepEqual(stream.events(), []);
      down = false;
      const back = open(ANN, stream.lastId());
      await until(() => back.events().length === 1, 'what was missed');
    },
    {
      social: {
        async view({ userIds }) {
          if (down) throw new WarbleError('unavailable', 'down');
          return userIds.map((userId) => ({
            ...{
              userId,
              handle: '',
              name: '',
              picture: '',
              state: 'active',
              protected: false,
              following: true,
            },
            ...{ followingPrivately: false, requested: false, followedBy: false, blocking: false },
            ...{ blockedBy: false, muting: false },
          })) as Awaited<ReturnType<StreamsServiceDeps['social']['view']>>;
        },
      },
    },
  );
});

test('a stream ends within 5 s after its session, and others go on', () =>
  inStreams(async ({ open, revoked, clock, beat }) => {
    const [ending, staying] = [open(ANN, null, '10'), open(ANN, null, '11')];
    await beat();
    revoked.add('10');
    for (let second = 0; second < 4; second++) {
      clock.advance(1_000);
      await beat();
    }
    await until(ending.ended, 'the end');
    assert.equal(staying.ended(), false);
  }));

test('a comment comes every 15 s, so that nothing on the way takes the stream for dead', () =>
  inStreams(async ({ open, clock, beat }) => {
    const stream = open(ANN);
    const comments = () => stream.text().match(/^:/gm)?.length ?? 0;
    for (let second = 0; second < 45; second++) {
      clock.advance(1_000);
      await beat();
    }
    await until(() => comments() === 3, 'three comments');
  }));

test('a user has five streams, not six, and one more when one has ended', () =>
  inStreams(async ({ open }) => {
    const five = Array.from({ length: LIMITS.streamsPerUser }, () => open(ANN));
    assert.throws(
      () => open(ANN),
      (error) => isWarbleError(error, 'rate_limited'),
    );
    open(BOB);
    five[0]!.out.destroy();
    await until(five[0]!.ended, 'the end');
    open(ANN);
  }));

test('all streams have a bound', () =>
  inStreams(
    async ({ open }) => {
      open(ANN);
      assert.throws(
        () => open(BOB),
        (error) => isWarbleError(error, 'overloaded'),
      );
    },
    { max: 1 },
  ));

test('at shutdown every stream ends at once, also one whose reader takes nothing', () =>
  inStreams(async ({ open, streams, pubsub }) => {
    const stream = open(ANN);
    const stuck = streams.open({ session: session(BOB), lastEventId: null });
    for (let i = 0; i < 500; i++) pubsub.publish(BOB, { type: 'delete', tweetId: i });
    await until(() => stuck.readableLength > 16 * 1024, 'a full buffer');
    streams.close();
    await until(() => stream.ended() && stuck.destroyed, 'the ends');
    assert.equal(pubsub.hasSubscribers(ANN), false);
    assert.throws(
      () => open(ANN),
      (error) => isWarbleError(error, 'unavailable'),
    );
  }));
