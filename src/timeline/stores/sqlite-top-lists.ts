import type { SQLOutputValue } from 'node:sqlite';
import { PARTITIONS, partitionOf } from '#contract/events.ts';
import type { UserId } from '#contract/ids.ts';
import { type CommitFaults, type Database, openDatabase } from '#platform/sqlite/database.ts';
import { createSqliteViewStore } from '#queue/stores/sqlite-view-store.ts';
import type {
  AuthorPlace,
  AuthorTop,
  RankRow,
  TopListsStore,
  TopPatch,
} from '#timeline/top/top-lists-store.ts';
import { TOP_LISTS_MIGRATIONS } from './sqlite-top-lists-schema.ts';

const VIEW = 'top-lists';

/** {@link TopListsStore} on SQLite. A view: what a crash of the machine takes is folded again. */
export function openSqliteTopListsStore(options: {
  path: string;
  faults?: CommitFaults | undefined;
}): TopListsStore & { db: Database } {
  const db = openDatabase({ ...options, migrations: TOP_LISTS_MIGRATIONS, durability: 'normal' });
  const slotOf = createSlots(db);
  return {
    db,
    view: createSqliteViewStore<TopPatch>({ db, name: VIEW, apply: createApply(db), drop: createDrop(db) }),
    ...createScans(db, slotOf),
    ...createLookups(db, slotOf),
    authorTops: createAuthorTops(db, slotOf),
  };
}

/** Finds the slot that serves a partition, as of one read: call once per read, then use what it returns. */
type Slots = () => (partition: number) => number;

function createSlots(db: Database): Slots {
  const live = db.prepare('SELECT partition, live_generation FROM view_state WHERE view = ?');
  return () => {
    const slots = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    for (const row of live.all(VIEW) as { partition: number; live_generation: number }[]) {
      slots[row.partition] = row.live_generation * PARTITIONS + row.partition;
    }
    return (partition) => slots[partition]!;
  };
}

function createApply(db: Database) {
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
    for (const { author, tweetId, likes } of patch.ranks) put.run(slot, author, tweetId, likes);
    for (const { author, tweetId } of patch.gone) remove.run(slot, author, tweetId);
    for (const { author, followers, listed } of patch.authors) {
      putAuthor.run(slot, author, followers, listed ? 1 : 0);
    }
  };
}

function createDrop(db: Database) {
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

function createScans(db: Database, slots: Slots): Pick<TopListsStore, 'byLikes' | 'byTime'> {
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
      const rows = below === null ? best.all(slot, limit) : bestBelow.all(slot, ...placeOf(below), limit);
      return rows.map(asRankRow);
    },
    async byTime(request) {
      return from.all(slots()(request.partition), request.from, request.limit).map(asRankRow);
    },
  };
}

function asRankRow(row: Record<string, SQLOutputValue>): RankRow {
  return { tweetId: row.tweetId as number, author: row.author as number, likes: row.likes as number };
}

function createLookups(db: Database, slots: Slots): Pick<TopListsStore, 'rows' | 'facts'> {
  const likesOf = db.prepare('SELECT likes FROM ranks WHERE slot = ? AND author = ? AND tweet = ?');
  const factsOf = db.prepare('SELECT followers, listed FROM authors WHERE slot = ? AND author = ?');
  return {
    async rows({ tweets }) {
      const slotOf = slots();
      const found: RankRow[] = [];
      for (const { author, tweetId } of tweets) {
        const row = likesOf.get(slotOf(partitionOf(author)), author, tweetId);
        if (row !== undefined) found.push({ tweetId, author, likes: row.likes as number });
      }
      return found;
    },
    async facts({ authors }) {
      const slotOf = slots();
      const found = [];
      for (const author of authors) {
        const row = factsOf.get(slotOf(partitionOf(author)), author);
        if (row === undefined) continue;
        found.push({ author, followers: row.followers as number, listed: row.listed === 1 });
      }
      return found;
    },
  };
}

function createAuthorTops(db: Database, slots: Slots): TopListsStore['authorTops'] {
  const followersOf = db.prepare('SELECT followers FROM authors WHERE slot = ? AND author = ?');
  const columns = 'SELECT tweet, likes FROM ranks';
  const inAll = db.prepare(
    `${columns} INDEXED BY ranks_by_author WHERE slot = ? AND author = ? AND likes >= ?
       AND (likes, tweet) < (?, ?) ORDER BY likes DESC, tweet DESC LIMIT ? + 0`,
  );
  // A window holds few of an author's tweets, whatever the number of older ones: they are found by time, then
  // sorted. The unary plus keeps the planner from walking the author's tweets of all times by likes instead.
  const inWindow = db.prepare(
    `${columns} WHERE slot = ? AND author = ? AND tweet >= ? AND +likes >= ? AND (+likes, +tweet) < (?, ?)
     ORDER BY +likes DESC, +tweet DESC LIMIT ? + 0`,
  );
  return async ({ authors, atLeast, atLeastLikes, limit }) => {
    const slotOf = slots();
    const one = (author: UserId, below: AuthorPlace | null): AuthorTop => {
      const slot = slotOf(partitionOf(author));
      const place = below === null ? HIGHEST : placeOf(below);
      const rows = (
        atLeast === 0
          ? inAll.all(slot, author, atLeastLikes, ...place, limit)
          : inWindow.all(slot, author, atLeast, atLeastLikes, ...place, limit)
      ) as { tweet: number; likes: number }[];
      return {
        author,
        followers: (followersOf.get(slot, author)?.followers as number | undefined) ?? 0,
        tweetIds: rows.map((row) => row.tweet),
        likes: rows.map((row) => row.likes),
        truncated: rows.length === limit,
      };
    };
    return authors.map(({ author, below }) => one(author, below));
  };
}

/** Above every row. */
const HIGHEST: [number, number] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

function placeOf({ likes, tweetId }: AuthorPlace): [number, number] {
  return [likes, tweetId];
}
