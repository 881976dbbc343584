/** What every store of reports must do, run with two handles open on one backend, as two processes would have. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eachWithTwoHandles } from '#platform/two-handles.ts';
import type { NewReport, Resolution } from '../moderation.ts';
import type { ReportsStore } from '../reports-store.ts';

export interface ReportsBackend {
  /** Opens one more handle on the same backend, which is empty at first. */
  open(): Promise<ReportsStore>;
  /** Closes all handles and deletes everything. */
  dispose(): Promise<void>;
}

function report(reportId: number, fields: Partial<NewReport> = {}): NewReport {
  const subject = { kind: 'tweet', id: 100 } as const;
  return { reportId, subject, userId: 1, reporter: 2, reason: 'sells things', time: 5_000, ...fields };
}
const DISMISSED: Resolution = { act: 'dismiss', by: 9, reason: 'is fine', time: 6_000 };

export function describeReportsStore(name: string, fresh: () => Promise<ReportsBackend>): void {
  describe(`reports store ${name}`, () => {
    let one: ReportsStore;
    let two: ReportsStore;
    eachWithTwoHandles(fresh, (opened) => {
      ({ one, two } = opened);
    });

    const idsOf = async (open: boolean, before: number | null = null, limit = 10) =>
      (await two.reports({ open, before, limit })).map(({ reportId }) => reportId);

    test('a report is stored unchanged, and open', async () => {
      await one.add(report(1));
      assert.deepEqual(await two.report({ reportId: 1 }), { ...report(1), resolution: null });
      assert.equal(await two.report({ reportId: 2 }), undefined);
    });

    test('a user has one open report of a subject, even when reporting it twice concurrently', async () => {
      const added = await Promise.all([one.add(report(1)), two.add(report(2))]);
      assert.equal(added[0]?.reportId, added[1]?.reportId);
      assert.equal((await idsOf(true)).length, 1);
      await one.add(report(3, { reporter: 3 }));
      await one.add(report(4, { subject: { kind: 'comment', id: 100 } }));
      await one.add(report(5, { subject: { kind: 'tweet', id: 101 } }));
      assert.equal((await idsOf(true)).length, 4);
      await two.resolve({ subject: { kind: 'tweet', id: 100 }, resolution: DISMISSED });
      const { reportId } = await one.add(report(6));
      assert.equal(reportId, 6, 'again, when the first was resolved');
    });

    test('it is known whether any of many subjects has an open report', async () => {
      await one.add(report(1, { subject: { kind: 'comment', id: 7 } }));
      assert.equal(await two.anyOpen({ tweetIds: [7, 100] }), false);
      await one.add(report(2));
      assert.equal(await two.anyOpen({ tweetIds: [7, 100] }), true);
      await one.resolve({ subject: { kind: 'tweet', id: 100 }, resolution: DISMISSED });
      assert.equal(await two.anyOpen({ tweetIds: [7, 100] }), false);
    });

    test('open and resolved reports are two lists, newest first, in pages', async () => {
      for (const id of [1, 2, 3, 4]) await one.add(report(id, { subject: { kind: 'user', id } }));
      await two.resolve({ subject: { kind: 'user', id: 3 }, resolution: DISMISSED });
      await two.resolve({ subject: { kind: 'user', id: 1 }, resolution: DISMISSED });
      assert.deepEqual(await idsOf(true), [4, 2]);
      assert.deepEqual(await idsOf(true, 4), [2]);
      assert.deepEqual(await idsOf(true, null, 1), [4]);
      assert.deepEqual(await idsOf(false), [3, 1]);
      assert.deepEqual(await idsOf(false, 3), [1]);
    });

    test('a resolution resolves every open report about a subject, and leaves resolved ones as they are', async () => {
      await one.add(report(1, { reporter: 3 }));
      await one.add(report(2, { reporter: 4 }));
      await one.add(report(3, { subject: { kind: 'user', id: 100 } }));
      const subject = { kind: 'tweet', id: 100 } as const;
      assert.equal(await two.resolve({ subject, resolution: DISMISSED }), 2);
      assert.equal(await one.resolve({ subject, resolution: { ...DISMISSED, act: 'remove' } }), 0);
      assert.deepEqual((await one.report({ reportId: 1 }))?.resolution, DISMISSED);
      assert.deepEqual(await idsOf(true), [3]);
    });

    test('a resolution replaces the dismissal of the report that it answers, and of no other', async () => {
      for (const id of [1, 2]) await one.add(report(id, { reporter: id + 2 }));
      const subject = { kind: 'tweet', id: 100 } as const;
      const removed: Resolution = { ...DISMISSED, act: 'remove', by: 8 };
      await one.resolve({ subject, resolution: DISMISSED });
      assert.equal(await two.resolve({ subject, resolution: removed, dismissed: 2 }), 1);
      const suspended: Resolution = { ...DISMISSED, act: 'suspend' };
      assert.equal(await one.resolve({ subject, resolution: suspended, dismissed: 2 }), 0);
      assert.deepEqual((await one.report({ reportId: 1 }))?.resolution, DISMISSED);
      assert.deepEqual((await one.report({ reportId: 2 }))?.resolution, removed);
    });

    test('erasing a user deletes the reports about them and the reasons they gave, some at a time', async () => {
      await one.add(report(1));
      await one.add(report(2, { reporter: 3 }));
      await one.add(report(3, { userId: 5, reporter: 1, subject: { kind: 'user', id: 5 } }));
      await one.add(report(4, { userId: 5, reporter: 3, subject: { kind: 'user', id: 5 } }));
      assert.deepEqual(await two.eraseUser({ userId: 1, limit: 1 }), { done: false });
      while (!(await two.eraseUser({ userId: 1, limit: 1 })).done);
      assert.deepEqual(await idsOf(true), [4, 3]);
      assert.equal((await one.report({ reportId: 3 }))?.reason, '');
      assert.equal((await one.report({ reportId: 4 }))?.reason, 'sells things');
    });
  });
}
