/** What every log promises, run with two handles open on one backend. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type EventDraft, PARTITIONS, partitionOf, TOPICS } from '#domain/events.ts';
import { eachWithTwoHandles } from '#platform/two-handles.ts';
import type { Log } from './log.ts';

export interface LogHandle {
  log: Log;
  /** Commits each draft as a fact of its own with its event; resolves when they are durable. */
  append(drafts: readonly EventDraft[]): Promise<void>;
  /** Writes a draft's fact and event in a transaction that is rolled back. */
  appendAndFail(draft: EventDraft): Promise<void>;
  close(): Promise<void>;
}

export interface LogBackend {
  open(): Promise<LogHandle>;
  remove(): Promise<void>;
}

export function draftOf(key: number, entityId: number): EventDraft {
  return {
    topic: 'tweets',
    type: 'tweet.posted',
    key,
    entityId,
    entityVersion: 1,
    actorId: key,
    itemId: 0,
    time: 0,
    traceId: '',
  };
}

const KEY = 7;
const PARTITION = partitionOf(KEY);
const topic = 'tweets';

export function describeLog(name: string, create: () => Promise<LogBackend>): void {
  describe(`log ${name}`, () => {
    let one: LogHandle;
    let two: LogHandle;
    eachWithTwoHandles(create, (opened) => {
      ({ one, two } = opened);
    });
    const read = (handle: LogHandle, after = 0, limit = 100) =>
      handle.log.read({ topic, partition: PARTITION, after, limit });

    test('what one handle appends, the other reads, in order and without gaps', async () => {
      await one.append([draftOf(KEY, 1), draftOf(KEY, 2)]);
      await two.append([draftOf(KEY, 3)]);
      for (const handle of [one, two]) {
        const records = await read(handle);
        assert.deepEqual(
          records.map(({ position, event }) => [position, event.entityId, event.sequence]),
          [
            [1, 1, 1],
            [2, 2, 2],
            [3, 3, 3],
          ],
        );
      }
    });

    test('appends from both handles at once all get positions of their own', async () => {
      const drafts = Array.from({ length: 40 }, (_, index) => draftOf(KEY, index + 1));
      await Promise.all(drafts.map((draft, index) => (index % 2 === 0 ? one : two).append([draft])));
      const records = await read(one);
      assert.deepEqual(
        records.map(({ position }) => position),
        drafts.map((_, index) => index + 1),
      );
      assert.equal(new Set(records.map(({ event }) => event.entityId)).size, drafts.length);
      assert.equal(new Set(records.map(({ event }) => event.eventId)).size, drafts.length);
    });

    test('a fact that was rolled back leaves no event and no gap', async () => {
      await one.append([draftOf(KEY, 1)]);
      await assert.rejects(one.appendAndFail(draftOf(KEY, 2)));
      await one.append([draftOf(KEY, 3)]);
      const records = await read(two);
      assert.deepEqual(
        records.map(({ event }) => [event.entityId, event.sequence]),
        [
          [1, 1],
          [3, 2],
        ],
      );
    });

    test('keys keep a sequence each and stay in one partition', async () => {
      const keys = Array.from({ length: 50 }, (_, index) => index + 1);
      await one.append(keys.flatMap((key) => [draftOf(key, key * 10), draftOf(key, key * 10 + 1)]));
      for (let partition = 0; partition < PARTITIONS; partition++) {
        for (const { event } of await two.log.read({ topic, partition, after: 0, limit: 1_000 })) {
          assert.equal(partitionOf(event.key), partition);
          assert.equal(event.sequence, (event.entityId % 10) + 1);
        }
      }
    });

    test('reads in bounded pages, from any position', async () => {
      await one.append(Array.from({ length: 10 }, (_, index) => draftOf(KEY, index + 1)));
      assert.deepEqual(
        (await read(one, 4, 3)).map(({ position }) => position),
        [5, 6, 7],
      );
      assert.deepEqual(await read(one, 10), []);
    });

    test('says where each partition ends, and which topics are empty', async () => {
      await one.append([draftOf(KEY, 1), draftOf(KEY, 2)]);
      const { end } = await two.log.range({ topic });
      assert.equal(end.length, PARTITIONS);
      assert.equal(end[PARTITION], 2);
      assert.equal(
        end.reduce((sum, position) => sum + position, 0),
        2,
      );
      assert.ok(TOPICS.includes(topic));
    });

    test('trims in bounded steps, never past the end, and goes on numbering', async () => {
      await one.append(Array.from({ length: 5 }, (_, index) => draftOf(KEY, index + 1)));
      const trim = (through: number) => two.log.trim({ topic, partition: PARTITION, through, limit: 2 });
      assert.equal(await trim(3), true);
      assert.equal(await trim(3), false);
      assert.deepEqual(
        (await read(one)).map(({ position }) => position),
        [4, 5],
      );
      assert.equal((await one.log.range({ topic })).start[PARTITION], 3);
      while (await trim(99)) {
        // A step at a time.
      }
      await one.append([draftOf(KEY, 6)]);
      const [record] = await read(one, 5);
      assert.deepEqual([record!.position, record!.event.sequence], [6, 6]);
    });

    test('calls its listeners after an append', async () => {
      let told = 0;
      one.log.onAppend(() => told++);
      await one.append([draftOf(KEY, 1)]);
      assert.ok(told > 0);
    });
  });
}
