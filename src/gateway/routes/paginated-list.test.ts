import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import { createCursors } from '#http/cursors.ts';
import { createSerializers } from '../serializers.ts';
import type { RouteDeps } from './deps.ts';
import { idsOf, type ListRequest, type RowsRequest, readPaginatedList } from './paginated-list.ts';

/** Rows 9 to 1, the row n made by user 10 n. */
const ROWS = Array.from({ length: 9 }, (_, i) => ({ id: 9 - i, userId: 10 * (9 - i) }));

async function read({ before, limit }: RowsRequest) {
  const below = ROWS.filter(({ id }) => before === null || id < before);
  const items = below.slice(0, limit);
  return { items, next: below.length > limit ? items.at(-1)!.id : null };
}

async function view({ userIds }: { userIds: number[] }) {
  return userIds.map((userId) => ({ userId, handle: `h${userId}`, name: '', picture: '' }));
}

const deps = {
  services: { social: { view } },
  serializers: createSerializers(),
  cursors: createCursors({ key: Buffer.alloc(32, 7) }),
} as unknown as RouteDeps;
const likes: ListRequest = { list: 'likes', subject: 5, viewer: 3, query: { limit: 4 } };

test('paging goes through every row once, and each page names its users', async () => {
  const pages: string[][] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const query = cursor === undefined ? likes.query : { ...likes.query, cursor };
    const { rows, rest } = await readPaginatedList(deps, { ...likes, query }, read);
    pages.push(idsOf(rows));
    assert.deepEqual(Object.keys(rest.users).sort(), idsOf(rows).sort());
    cursor = rest.nextCursor;
  }
  assert.deepEqual(pages, [['90', '80', '70', '60'], ['50', '40', '30', '20'], ['10']]);
});

test('a cursor only opens for its own list, subject and reader', async () => {
  const { nextCursor } = (await readPaginatedList(deps, likes, read)).rest;
  const query = { limit: 4, cursor: nextCursor! };
  assert.equal((await readPaginatedList(deps, { ...likes, query }, read)).rows[0]!.id, 5);
  for (const other of [{ list: 'reposts' as const }, { subject: 6 }, { viewer: 4 }, { viewer: null }]) {
    await assert.rejects(
      readPaginatedList(deps, { ...likes, ...other, query }, read),
      (error) => isWarbleError(error, 'invalid_cursor'),
      JSON.stringify(other),
    );
  }
});
