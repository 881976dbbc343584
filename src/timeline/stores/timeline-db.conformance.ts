/** What every adapter of {@link TimelineDb} promises, run with two handles open on one backend. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PARTITIONS } from '#domain/events.ts';
import type { PackedHome, TimelineDb } from '../timeline-db.ts';

export interface TimelineDbFixture {
  one: TimelineDb;
  other: TimelineDb;
  close(): Promise<void>;
}

function home(reader: number, changes: Partial<PackedHome> = {}): PackedHome {
  return {
    reader,
    ids: Float64Array.of(5, -7, 2 ** 52 + 1),
    floor: 5,
    digest: 2 ** 51 + 3,
    completeTo: {
      tweets: Array.from({ length: PARTITIONS }, (_, partition) => partition),
      reposts: Array.from({ length: PARTITIONS }, (_, partition) => 1_000 * partition),
    },
    updatedAt: 100,
    ...changes,
  };
}

export function describeTimelineDb(name: string, open: () => Promise<TimelineDbFixture>): void {
  describe(`Timeline DB ${name}`, () => {
    let fixture: TimelineDbFixture;
    let one: TimelineDb;
    let other: TimelineDb;
    before(async () => {
      fixture = await open();
      ({ one, other } = fixture);
    });
    after(() => fixture.close());

    test('returns what was saved, through every handle, and nothing for other readers', async () => {
      await one.save({ homes: [home(1), home(2 ** 32 - 1, { ids: new Float64Array(0), floor: 0 })] });
      for (const db of [one, other]) {
        assert.deepEqual(await db.load({ reader: 1 }), home(1));
        assert.deepEqual((await db.load({ reader: 2 ** 32 - 1 }))?.ids, new Float64Array(0));
        assert.equal(await db.load({ reader: 3 }), null);
      }
    });

    test('keeps the row saved last', async () => {
      await one.save({ homes: [home(4)] });
      await other.save({ homes: [home(4, { floor: 6, ids: Float64Array.of(-7) })] });
      assert.deepEqual(await one.load({ reader: 4 }), home(4, { floor: 6, ids: Float64Array.of(-7) }));
    });

    test('keeps the newest activities of an actor, each once, whichever handle adds them', async () => {
      await one.addFanOutOnRead({ actor: 9, activities: [30, -10], keep: 3 });
      await other.addFanOutOnRead({ actor: 9, activities: [30, 20], keep: 3 });
      const { ids, floor } = await one.addFanOutOnRead({ actor: 9, activities: [-10], keep: 3 });
      assert.deepEqual([[...ids], floor], [[-10, 20, 30], 0]);
      const trimmed = await one.addFanOutOnRead({ actor: 9, activities: [40], keep: 3 });
      assert.deepEqual(trimmed, { actor: 9, ids: Float64Array.of(20, 30, 40), floor: 20 });
      assert.deepEqual(await other.addFanOutOnRead({ actor: 9, activities: [-10], keep: 3 }), trimmed);
    });

    test('adds what two handles record at the same time', async () => {
      const adding = Array.from({ length: 20 }, (_, i) =>
        [one, other][i % 2]!.addFanOutOnRead({ actor: 10, activities: [i + 1], keep: 100 }),
      );
      await Promise.all(adding);
      const { ids } = await one.addFanOutOnRead({ actor: 10, activities: [], keep: 100 });
      assert.equal(ids.length, 20);
    });

    test('lists the actors whose activities are fanned out on read page by page', async () => {
      for (const actor of [21, 22, 23]) await one.addFanOutOnRead({ actor, activities: [actor], keep: 3 });
      const actors: number[] = [];
      for (let after: number | null = 20; after !== null; ) {
        const page: Awaited<ReturnType<TimelineDb['fanOutOnReadActors']>> = await other.fanOutOnReadActors({
          after,
          limit: 2,
        });
        actors.push(...page.actors);
        assert.ok(page.actors.length <= 2);
        after = page.next;
      }
      assert.deepEqual(actors, [21, 22, 23]);
    });

    test('returns the tails of the actors asked for, as either handle left them', async () => {
      await one.addFanOutOnRead({ actor: 25, activities: [7, -3], keep: 3 });
      await other.addFanOutOnRead({ actor: 26, activities: [8], keep: 3 });
      await other.addFanOutOnRead({ actor: 25, activities: [9, 10], keep: 3 });
      for (const db of [one, other]) {
        const tails = await db.fanOutOnReadTails({ actors: [26, 27, 25] });
        tails.sort((a, b) => a.actor - b.actor);
        assert.deepEqual(tails, [
          { actor: 25, ids: Float64Array.of(7, 9, 10), floor: 7 },
          { actor: 26, ids: Float64Array.of(8), floor: 0 },
        ]);
      }
      assert.deepEqual(await one.fanOutOnReadTails({ actors: [] }), []);
    });

    test('tells which tails a handle changes, before whoever changed them is answered', async () => {
      const told: number[] = [];
      one.tailChanges.onChange((changed) => {
        if (changed !== 'everything') told.push(...changed);
      });
      await one.addFanOutOnRead({ actor: 28, activities: [1], keep: 3 });
      assert.deepEqual(told, [28]);
      await one.forget({ user: 28 });
      assert.deepEqual(told, [28, 28]);
    });

    test('drops rows that were not updated for a long time, some at a time', async () => {
      const old = [31, 32, 33].map((reader) => home(reader, { updatedAt: 10 }));
      await one.save({ homes: [...old, home(34, { updatedAt: 50 })] });
      assert.equal(await other.dropOlder({ updatedBefore: 50, limit: 2 }), true);
      while (await other.dropOlder({ updatedBefore: 50, limit: 2 }));
      for (const { reader } of old) assert.equal(await one.load({ reader }), null);
      assert.notEqual(await one.load({ reader: 34 }), null);
    });

    test('forgets a user', async () => {
      await one.save({ homes: [home(41)] });
      await one.addFanOutOnRead({ actor: 41, activities: [1], keep: 3 });
      await other.forget({ user: 41 });
      assert.equal(await one.load({ reader: 41 }), null);
      assert.deepEqual((await one.fanOutOnReadActors({ after: 40, limit: 9 })).actors, []);
    });
  });
}
