/**
 * Pages of what a reader may see, cut from rows among which some are hidden. A page is full unless the rows end first;
 * the price of that is bounded, so that a reader from whom thousands of rows in a row are hidden gets a short page, and
 * goes on from where it ended.
 */

/** Reads in which one page looks for rows that its reader may see. */
const MAX_READS = 12;
const GROWTH = 4;

export interface PageOfRows<Row> {
  rows: readonly Row[];
  /** There is nothing after these. */
  ended: boolean;
}

export interface FillPageRequest<Row, Item> {
  /** Most items of the page. */
  limit: number;
  /** Most rows of one read. The first asks for `limit`, each after it for four times as many as the one before. */
  maxRows: number;
  /** The next rows, at most `count`, after all that were read before; fewer, even none, where some fell out. */
  read(count: number): Promise<PageOfRows<Row>>;
  /**
   * What the reader may see of these, at most `room` items, and how many of the rows were looked at for them. Null:
   * it cannot be told now, so the page ends here, with nothing after it.
   */
  visible(rows: readonly Row[], room: number): Promise<{ items: readonly Item[]; used: number } | null>;
}

export interface FilledPage<Row, Item> {
  items: Item[];
  /** The last row that was looked at; null: none was. */
  last: Row | null;
  /**
   * `ended`: there is nothing after `last`. `full`: the page has `limit` items. `gaveUp`: it has looked at as many rows
   * as a page may. `unknown`: `visible` could not tell.
   */
  end: 'ended' | 'full' | 'gaveUp' | 'unknown';
}

/** Fills one page. What is passed over is passed over for good: the next page begins after it. */
export async function fillPage<Row, Item>(
  request: FillPageRequest<Row, Item>,
): Promise<FilledPage<Row, Item>> {
  const { limit, maxRows, read, visible } = request;
  const items: Item[] = [];
  let last: Row | null = null;
  let count = Math.min(limit, maxRows);
  for (let reads = 0; reads < MAX_READS; reads++) {
    const { rows, ended } = await read(count);
    if (rows.length > 0) {
      const seen = await visible(rows, limit - items.length);
      if (seen === null) return { items, last, end: 'unknown' };
      items.push(...seen.items);
      last = rows[seen.used - 1] ?? last;
      if (seen.used < rows.length || (items.length === limit && !ended)) return { items, last, end: 'full' };
    }
    if (ended) return { items, last, end: 'ended' };
    count = Math.min(maxRows, count * GROWTH);
  }
  return { items, last, end: 'gaveUp' };
}

export interface VisibleListRequest<Row extends { id: number }> {
  /** The page begins below this id; null: with the newest row. */
  before: number | null;
  limit: number;
  /** Rows with an id below `before`, newest first, at most `limit`. */
  read(request: { before: number | null; limit: number }): Promise<readonly Row[]>;
  /** Those of the rows that the reader may see, in their order. */
  visible(rows: readonly Row[]): Promise<readonly Row[]>;
}

/** Most rows of one read of a list. */
const MAX_LIST_ROWS = 1_000;

/**
 * A page of a list of rows with ids, newest first. Looks for one row more than fits, so that `next` is null where no
 * further row is to be seen; it is the id of the last row of the page, and a hidden row's only where the page gave up.
 */
export async function visibleList<Row extends { id: number }>(
  request: VisibleListRequest<Row>,
): Promise<{ items: Row[]; next: number | null }> {
  const { limit } = request;
  let { before } = request;
  const filled = await fillPage<Row, Row>({
    limit: limit + 1,
    maxRows: MAX_LIST_ROWS,
    async read(count) {
      const rows = await request.read({ before, limit: count });
      before = rows.at(-1)?.id ?? before;
      return { rows, ended: rows.length < count };
    },
    async visible(rows, room) {
      const seen = await request.visible(rows);
      if (seen.length <= room) return { items: seen, used: rows.length };
      const items = seen.slice(0, room);
      return { items, used: rows.indexOf(items.at(-1)!) + 1 };
    },
  });
  const items = filled.items.slice(0, limit);
  if (filled.items.length > limit) return { items, next: items.at(-1)!.id };
  return { items, next: filled.end === 'ended' ? null : (filled.last?.id ?? null) };
}
