import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fillPage, visibleList } from './fill-page.ts';

/** Rows with the ids `count` to 1, of which every one that `hidden` names is hidden. */
function listOf(count: number, hidden: (id: number) => boolean) {
  const asked: number[] = [];
  return {
    asked,
    async read({ before, limit }: { before: number | null; limit: number }) {
      asked.push(limit);
      const from = Math.min(count, (before ?? count + 1) - 1);
      return Array.from({ length: Math.max(0, Math.min(limit, from)) }, (_, i) => ({ id: from - i }));
    },
    visible: async (rows: readonly { id: number }[]) => rows.filter(({ id }) => !hidden(id)),
  };
}

/** The ids of all pages from the newest to the oldest. */
async function pagesOf(list: ReturnType<typeof listOf>, limit: number): Promise<number[][]> {
  const pages: number[][] = [];
  let before: number | null = null;
  do {
    const page: { items: { id: number }[]; next: number | null } = await visibleList({
      ...list,
      before,
      limit,
    });
    const { items, next } = page;
    pages.push(items.map(({ id }) => id));
    before = next;
    assert.ok(pages.length < 1_000);
  } while (before !== null);
  return pages;
}

describe('a page of a list', () => {
  test('is full although rows are hidden, and the pages have every visible row once', async () => {
    for (const hidden of [() => false, (id: number) => id % 3 !== 0, (id: number) => id > 40 && id < 160]) {
      for (const limit of [1, 7, 20, 100]) {
        const pages = await pagesOf(listOf(200, hidden), limit);
        const visible = Array.from({ length: 200 }, (_, i) => 200 - i).filter((id) => !hidden(id));
        assert.deepEqual(pages.flat(), visible);
        assert.ok(pages.slice(0, -1).every((page) => page.length === limit));
      }
    }
  });

  test('is the last one where only hidden rows follow', async () => {
    const { items, next } = await visibleList({ ...listOf(50, (id) => id <= 30), before: null, limit: 20 });
    assert.deepEqual([items.length, next], [20, null]);
  });

  test('gives up within a bound of rows, and the next one goes on where it ended', async () => {
    const list = listOf(30_000, (id) => id > 1);
    const { items, next } = await visibleList({ ...list, before: null, limit: 20 });
    assert.deepEqual(items, []);
    assert.ok(next !== null && next < 25_000 && next > 15_000, `went on below ${next}`);
    assert.ok(list.asked.length <= 12 && Math.max(...list.asked) <= 1_000);
    assert.deepEqual((await pagesOf(list, 20)).flat(), [1]);
  });

  test('of an empty list is empty and the last', async () => {
    assert.deepEqual(await visibleList({ ...listOf(0, () => false), before: null, limit: 5 }), {
      items: [],
      next: null,
    });
  });
});

test('a page ends, with what it has, where it cannot be told who may see the rest', async () => {
  let reads = 0;
  const filled = await fillPage<number, number>({
    limit: 3,
    maxRows: 2,
    read: async () => ({ rows: [++reads * 2 - 1, reads * 2], ended: false }),
    visible: async (rows) => (rows.includes(3) ? null : { items: rows.slice(0, 1), used: rows.length }),
  });
  assert.deepEqual(filled, { items: [1], last: 2, end: 'unknown' });
});

test('a page that is full with its last row says that it ended, so that no empty page follows', async () => {
  const filled = await fillPage<number, number>({
    limit: 2,
    maxRows: 10,
    read: async () => ({ rows: [2, 1], ended: true }),
    visible: async (rows) => ({ items: [...rows], used: rows.length }),
  });
  assert.equal(filled.end, 'ended');
});
