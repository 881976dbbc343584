import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type EventType, PARTITIONS, partitionOf, type Topic, type WarbleEvent } from '#domain/events.ts';
import type { ActivityId, UserId } from '#domain/ids.ts';
import { createManualClock } from '#platform/clock.ts';
import type { Log, LogRecord } from '#queue/log.ts';
import { createPubSub } from '#queue/pubsub.ts';
import type { FanoutProgress } from '#timeline/timeline.ts';
import { createFanout, type FanoutDeps } from './fanout.ts';
import { createPositions } from './positions.ts';
import type { PushOrPullOptions } from './push-or-pull.ts';

const STAR = 1;

/** A log in memory, and homes that record what is delivered to them. */
function openFanout(followers: Map<UserId, number>, pushOrPull: PushOrPullOptions = {}) {
  const records = new Map<string, LogRecord[]>();
  const lane = (topic: Topic, partition: number) => {
    const key = `${topic} ${partition}`;
    if (!records.has(key)) records.set(key, []);
    return records.get(key)!;
  };
  const log: Pick<Log, 'read' | 'range'> = {
    read: async ({ topic, partition, after, limit }) => lane(topic, partition).slice(after, after + limit),
    range: async ({ topic }) => ({
      end: Array.from({ length: PARTITIONS }, (_, partition) => lane(topic, partition).length),
      start: new Array<number>(PARTITIONS).fill(0),
    }),
  };
  const delivered: { activity: ActivityId; readers: number }[] = [];
  const forRead: ActivityId[] = [];
  const reports: FanoutProgress[] = [];
  const pubsub = createPubSub();
  const clock = createManualClock(Date.UTC(2026, 0, 21));
  const timeline: FanoutDeps['timeline'] = {
    async deliver({ deliveries }) {
      for (const { activity, readers } of deliveries) delivered.push({ activity, readers: readers.length });
    },
    mergeFollows: async () => {},
    recordFanOutOnRead: async ({ activities }) => void forRead.push(...activities),
    seenLately: async ({ readers }) => readers,
    progress: async (progress) => void reports.push(progress),
    readRate: async () => ({ homes: 1, readsPerHomeAndDay: 10 }),
  };
  const social: FanoutDeps['social'] = {
    followerIds: async ({ followee, after, limit }) => {
      const count = Math.max(0, Math.min(limit, (followers.get(followee) ?? 0) - after));
      const userIds = Array.from({ length: count }, (_, i) => after + i + 1);
      return { userIds, next: count < limit ? null : after + limit };
    },
    follows: async ({ pairs }) => pairs.map((pair) => ({ ...pair, id: 1, private: false })),
  };
  const fanout = createFanout({ log: log as Log, social, timeline, pubsub, clock, pushOrPull });
  const worker = fanout.workers[0]!;
  let made = 0;
  return {
    delivered,
    forRead,
    reports,
    pubsub,
    fanout,
    worker,
    add(topic: Topic, type: EventType, key: UserId): number {
      const partition = partitionOf(key);
      const position = lane(topic, partition).length + 1;
      made += 1;
      const event: WarbleEvent = {
        ...{
          topic,
          type,
          key,
          entityId: made,
          entityVersion: 1,
          actorId: key,
          itemId: made,
          time: clock.now(),
        },
        ...{ traceId: '', eventId: `${made}`, schemaVersion: 1, sequence: position, region: 'local' },
      };
      lane(topic, partition).push({ partition, position, event });
      return made;
    },
    async settle(): Promise<void> {
      while (await worker.step());
    },
    readersOf: (activity: ActivityId) =>
      delivered.filter((one) => one.activity === activity).reduce((sum, { readers }) => sum + readers, 0),
  };
}

describe('fan-out', () => {
  test('delivers each activity to every follower, in slices of at most 4,000', async () => {
    const f = openFanout(new Map([[STAR, 10_001]]));
    await f.settle();
    const posting = f.add('tweets', 'tweet.posted', STAR);
    const repost = f.add('reposts', 'repost.added', STAR);
    await f.settle();
    assert.equal(f.readersOf(posting), 10_001);
    assert.equal(f.readersOf(-repost), 10_001);
    assert.ok(f.delivered.every(({ readers }) => readers <= 4_000));
  });

  test("an author with a million followers does not delay others' tweets", async () => {
    const f = openFanout(
      new Map([
        [STAR, 1_000_000],
        [2, 3],
      ]),
    );
    await f.settle();
    const loud = f.add('tweets', 'tweet.posted', STAR);
    for (let steps = 0; steps < 3; steps++) await f.worker.step();
    const quiet = f.add('tweets', 'tweet.posted', 2);
    for (let steps = 0; steps < 2; steps++) await f.worker.step();
    assert.equal(f.readersOf(quiet), 3);
    assert.ok(f.readersOf(loud) < 100_000);
    await f.settle();
    assert.equal(f.readersOf(loud), 1_000_000);
  });

  test('reads no further while too many records are under way', async () => {
    const f = openFanout(new Map([[STAR, 100_000]]));
    await f.settle();
    for (let i = 0; i < 3_000; i++) f.add('tweets', 'tweet.posted', STAR);
    for (let steps = 0; steps < 60; steps++) await f.worker.step();
    assert.ok(f.fanout.waiting() > 900 && f.fanout.waiting() < 1_100);
  });

  test('reports only what was delivered to the last slice', async () => {
    const f = openFanout(
      new Map([
        [STAR, 20_000],
        [2, 1],
      ]),
    );
    await f.settle();
    assert.equal(f.reports[0]?.started, true);
    f.add('tweets', 'tweet.posted', STAR);
    const partition = partitionOf(STAR);
    while (f.readersOf(1) < 20_000) {
      assert.equal(f.reports.at(-1)?.tweets[partition], 0);
      await f.worker.step();
    }
    await f.settle();
    assert.equal(f.reports.at(-1)?.tweets[partition], 1);
    assert.deepEqual(await f.fanout.processedPositions('tweets'), f.reports.at(-1)?.tweets);
    assert.equal(await f.fanout.processedPositions('accounts'), undefined);
  });

  test('records instead of pushing where an author posts more often than the followers read', async () => {
    const f = openFanout(new Map([[STAR, 5_000]]), {
      minAudience: 1_000,
      pushCost_ns: 100,
      pullCost_ns: 400,
    });
    await f.settle();
    const heard: string[] = [];
    f.pubsub.subscribe(9, ({ type }) => heard.push(type));
    const posts: number[] = [];
    for (let i = 0; i < 100; i++) {
      posts.push(f.add('tweets', 'tweet.posted', STAR));
      await f.settle();
    }
    // 10 reads a day at 400 ns are 40 posts a day at 100 ns, which a half-life of a day reaches after some 58.
    assert.ok(f.forRead.length > 30 && f.forRead.length < 50, `${f.forRead.length} forRead`);
    for (const post of posts) assert.equal(f.readersOf(post), f.forRead.includes(post) ? 0 : 5_000);
    assert.equal(heard.length, f.forRead.length, 'connected followers are told all the same');
  });
});

describe('positions', () => {
  test('are done when everything before them is', () => {
    const positions = createPositions(['tweets']);
    positions.start('tweets', new Array<number>(PARTITIONS).fill(5));
    const tickets = [6, 7, 8].map((position) => positions.take('tweets', 3, position));
    tickets[1]!.done();
    assert.equal(positions.done('tweets')[3], 5);
    tickets[0]!.done();
    assert.equal(positions.done('tweets')[3], 7);
    tickets[2]!.done();
    assert.deepEqual([positions.done('tweets')[3], positions.read('tweets', 3)], [8, 8]);
  });
});
