import type { SQLOutputValue } from 'node:sqlite';
import { PARTITIONS, partitionOf } from '#domain/events.ts';
import type { UserId } from '#domain/ids.ts';
import { createCommitChanges } from '#platform/commit-changes.ts';
import { isWhole } from '#platform/sqlite/damage.ts';
import {
  type DerivedDatabase,
  type DerivedDatabaseOptions,
  openDerivedDatabase,
} from '#platform/sqlite/derived-database.ts';
import { createSqliteViewStore } from '#queue/stores/sqlite/view-store.ts';
import {
  type AuthorTop,
  type AuthorTopPosition,
  authorsIn,
  type OpenedTopListsStore,
  type RankRow,
  type TopListsStore,
  type TopPatch,
} from '../../top/top-lists-store.ts';
import { createKeptTops } from './kept-tops.ts';
import { TOP_LISTS_MIGRATIONS } from './top-lists-schema.ts';

const VIEW = 'top-lists';

/** {@link TopListsStore} on SQLite. It is a view: what a crash of the machine takes is folded again. */
export function openSqliteTopListsStore(
  options: Omit<DerivedDatabaseOptions, 'migrations'>,
): OpenedTopListsStore & { db: DerivedDatabase } {
  const db = openDerivedDatabase({ ...options, migrations: TOP_LISTS_MIGRATIONS });
  const slotOf = createSlots(db);
  const { source, changed, everythingChanged } = createCommitChanges(db);
  return {
    db,
    close: db.close,
    changes: source,
    view: createSqliteViewStore<TopPatch>({
      db,
      name: VIEW,
      apply: createApply(db, changed),
      drop: createDrop(db),
      swapped: everythingChanged,
    }),
    ...createScans(db, slotOf),
    ...createLookups(db, slotOf),
    ...createKeptTops(db, VIEW),
    authorTops: createAuthorTops(db, slotOf),
  };
}

/** Returns, as of one read, a function from partitions to their live slots: call it once per read. */
type Slots = () => (partition: number) => number;

function createSlots(db: DerivedDatabase): Slots {
  const live = db.prepare('SELECT partition, live_generation FROM view_state WHERE view = ?');
  return () => {
    const slots = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    for (const row of live.all(VIEW) as { partition: number; live_generation: number }[]) {
      slots[row.partition] = wholeOf(db, row.live_generation) * PARTITIONS + row.partition;
    }
    return (partition) => slots[partition]!;
  };
}

function createApply(db: DerivedDatabase, changed: (author: UserId) => void) {
  const put = db.prepare(
    `INSERT INTO ranks (slot, author, tweet, likes) VALUES (?, ?, ?, ?)
     ON CONFLICT (slot, author, tweet) DO UPDATE SET likes = excluded.likes WHERE likes <> excluded.likes`,
  );
  const remove = db.prepare('DELETE FROM ranks WHERE slot = ? AND author = ? AND tweet = ?');
  const putAuthor = db.prepare(
    `INSERT INTO authors (slot, author, followers, listed) VALUES (?, ?, ?, ?)
     ON CONFLICT (slot, author) DO UPDATE SET followers = excluded.followers, listed = excluded.listed`,
  );
  return (patch: TopPatch, { partition, generation }: { partition: number; generation: number }): void => {
    const slot = generation * PARTITIONS + partition;
    for (const author of authorsIn(patch)) changed(author);
    for (const { author, tweetId, likes } of patch.ranks) put.run(slot, author, tweetId, likes);
    for (const { author, tweetId } of patch.gone) remove.run(slot, author, tweetId);
    for (const { author, followers, listed } of patch.authors) {
      putAuthor.run(slot, author, followers, listed ? 1 : 0);
    }
  };
}

function createDrop(db: DerivedDatabase) {
  const dropRanks = db.prepare(
    `DELETE FROM ranks WHERE (slot, author, tweet) IN
       (SELECT slot, author, tweet FROM ranks WHERE slot = ? LIMIT ? + 0)`,
  );
  const dropAuthors = db.prepare(
    'DELETE FROM authors WHERE (slot, author) IN (SELECT slot, author FROM authors WHERE slot = ? LIMIT ? + 0)',
  );
  return (at: { partition: number; generation: number; limit: number }): number => {
    const slot = at.generation * PARTITIONS + at.partition;
    const ranks = Number(dropRanks.run(slot, at.limit).changes);
    return ranks > 0 ? ranks : Number(dropAuthors.run(slot, at.limit).changes);
  };
}

function createScans(db: DerivedDatabase, slots: Slots): Pick<TopListsStore, 'byLikes' | 'byTime'> {
  const best = db.prepare(
    `SELECT tweet AS tweetId, author, likes FROM ranks WHERE slot = ?
     ORDER BY likes DESC, tweet DESC LIMIT ? + 0`,
  );
  const bestBelow = db.prepare(
    `SELECT tweet AS tweetId, author, likes FROM ranks WHERE slot = ? AND (likes, tweet) < (?, ?)
     ORDER BY likes DESC, tweet DESC LIMIT ? + 0`,
  );
  const from = db.prepare(
    `SELECT tweet AS tweetId, author, likes FROM ranks WHERE slot = ? AND tweet >= ? ORDER BY tweet LIMIT ? + 0`,
  );
  return {
    async byLikes({ partition, below, limit }) {
      const slot = slots()(partition);
      const rows = below === null ? best.all(slot, limit) : bestBelow.all(slot, ...positionOf(below), limit);
      return inOrder(
        db,
        rows,
        (row, last) => last.likes > row.likes || (last.likes === row.likes && last.tweetId > row.tweetId),
      );
    },
    async byTime(request) {
      const rows = from.all(slots()(request.partition), request.from, request.limit);
      return inOrder(db, rows, (row, last) => last.tweetId < row.tweetId);
    },
  };
}

/** Checks the rows of a scan: a repeated one, or one out of order, would make it go on for ever. */
function inOrder(
  db: DerivedDatabase,
  rows: Record<string, SQLOutputValue>[],
  follows: (row: RankRow, last: RankRow) => boolean,
): RankRow[] {
  const ranks = rows as unknown as RankRow[];
  for (const [at, row] of ranks.entries()) {
    if (!isRank(row) || (at > 0 && !follows(row, ranks[at - 1]!))) throw db.damaged('ranks cannot be read');
  }
  return ranks.map(({ tweetId, author, likes }) => ({ tweetId, author, likes }));
}

function isRank({ tweetId, author, likes }: RankRow): boolean {
  return isWhole(tweetId) && isWhole(author) && isWhole(likes);
}

function createLookups(db: DerivedDatabase, slots: Slots): Pick<TopListsStore, 'rows' | 'facts'> {
  const likesOf = db.prepare('SELECT likes FROM ranks WHERE slot = ? AND author = ? AND tweet = ?');
  const factsOf = db.prepare('SELECT followers, listed FROM authors WHERE slot = ? AND author = ?');
  return {
    async rows({ tweets }) {
      const slotOf = slots();
      const found: RankRow[] = [];
      for (const { author, tweetId } of tweets) {
        const row = likesOf.get(slotOf(partitionOf(author)), author, tweetId);
        if (row !== undefined) found.push({ tweetId, author, likes: wholeOf(db, row.likes) });
      }
      return found;
    },
    async facts({ authors }) {
      const slotOf = slots();
      const found = [];
      for (const author of authors) {
        const row = factsOf.get(slotOf(partitionOf(author)), author);
        if (row === undefined) continue;
        found.push({ author, followers: wholeOf(db, row.followers), listed: row.listed === 1 });
      }
      return found;
    },
  };
}

function createAuthorTops(db: DerivedDatabase, slots: Slots): TopListsStore['authorTops'] {
  const followersOf = db.prepare('SELECT followers FROM authors WHERE slot = ? AND author = ?');
  const columns = 'SELECT tweet, likes FROM ranks';
  const inAll = db.prepare(
    `${columns} INDEXED BY ranks_by_author WHERE slot = ? AND author = ? AND likes >= ?
       AND (likes, tweet) < (?, ?) ORDER BY likes DESC, tweet DESC LIMIT ? + 0`,
  );
  // A window has few of an author's tweets, however many older ones there are: they are found by time, then sorted. The
  // unary plus keeps the planner from scanning all tweets of the author by likes instead.
  const inWindow = db.prepare(
    `${columns} WHERE slot = ? AND author = ? AND tweet >= ? AND +likes >= ? AND (+likes, +tweet) < (?, ?)
     ORDER BY +likes DESC, +tweet DESC LIMIT ? + 0`,
  );
  return async ({ authors, atLeast, atLeastLikes, limit }) => {
    const slotOf = slots();
    const one = (author: UserId, below: AuthorTopPosition | null): AuthorTop => {
      const slot = slotOf(partitionOf(author));
      const position = below === null ? HIGHEST : positionOf(below);
      const rows =
        atLeast === 0
          ? inAll.all(slot, author, atLeastLikes, ...position, limit)
          : inWindow.all(slot, author, atLeast, atLeastLikes, ...position, limit);
      return {
        author,
        followers: wholeOf(db, followersOf.get(slot, author)?.followers ?? 0),
        tweetIds: rows.map((row) => wholeOf(db, row.tweet)),
        likes: rows.map((row) => wholeOf(db, row.likes)),
        truncated: rows.length === limit,
      };
    };
    return authors.map(({ author, below }) => one(author, below));
  };
}

function wholeOf(db: DerivedDatabase, value: unknown): number {
  if (!isWhole(value)) throw db.damaged('a row of an author cannot be read');
  return value;
}

/** Above every row. */
const HIGHEST: [number, number] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

function positionOf({ likes, tweetId }: AuthorTopPosition): [number, number] {
  return [likes, tweetId];
}
