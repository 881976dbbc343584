import { partitionOf } from '#domain/events.ts';
import type { TweetId, UserId } from '#domain/ids.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { TailRequest, TweetTail } from '../../tweets.ts';
import type { Authorship, TweetsStore } from '../../tweets-store.ts';
import { NOBODY, type Rows } from './rows.ts';

type Reads = Pick<TweetsStore, 'get' | 'authorsOf' | 'byAuthor' | 'tails' | 'counts' | 'scan'>;

const ANY_ID = Number.MAX_SAFE_INTEGER;

/** Reads. Every list is one probe of an index per author or id, by a statement prepared once. */
export function createReads({ db, rows }: { db: Database; rows: Rows }): Reads {
  const newest = db.prepare(
    `SELECT id FROM tweets WHERE author = ? AND kind = 'tweet' AND deleted_at IS NULL AND id < ? AND id >= ?
     ORDER BY id DESC LIMIT ? + 0`,
  );
  // Read by position, then sorted: few tweets come after a position, but an author may have written many.
  const newestSince = db.prepare(
    `SELECT id FROM tweets INDEXED BY live_by_position WHERE author = ? AND kind = 'tweet' AND deleted_at IS NULL
     AND position > ? AND id < ? AND id >= ? ORDER BY id DESC LIMIT ? + 0`,
  );
  const count = db.prepare('SELECT live FROM author_counts WHERE author = ?');
  const scan = db.prepare(
    'SELECT id, author, kind, deleted_at FROM tweets WHERE id > ? ORDER BY id LIMIT ? + 0',
  );
  for (const list of [newest, newestSince]) list.setReturnArrays(true);

  function ids(list: unknown): TweetId[] {
    return (list as [number][]).map((row) => row[0]);
  }

  function tail(author: UserId, request: TailRequest): TweetTail | undefined {
    const { before, atLeast, afterPositions, limit } = request;
    const below = before ?? ANY_ID;
    const found =
      afterPositions === null
        ? newest.all(author, below, atLeast, limit + 1)
        : newestSince.all(author, afterPositions[partitionOf(author)] ?? 0, below, atLeast, limit + 1);
    if (found.length === 0) return undefined;
    const truncated = found.length > limit;
    return { author, ids: ids(truncated ? found.slice(0, limit) : found), truncated };
  }

  function authorship(id: number): Authorship | undefined {
    const row = rows.header(id);
    if (row === undefined || row.author === NOBODY) return undefined;
    const deleted = row.deleted_at !== null || (row.kind === 'comment' && !rows.tweetExists(row.root_id));
    return { id: row.id, author: row.author, deleted };
  }

  return {
    get: async ({ ids }) => db.read(() => present(ids, (id) => rows.find(id))),
    authorsOf: async ({ ids }) => db.read(() => present(ids, authorship)),
    byAuthor: async ({ author, before, limit }) => ids(newest.all(author, before ?? ANY_ID, 0, limit)),
    // On one snapshot, because each look-up on its own would take and release the file's lock.
    tails: async (request) => db.read(() => present(request.authors, (author) => tail(author, request))),
    counts: async ({ authors }) =>
      authors.map((author) => {
        const row = count.get(author) as { live: number } | undefined;
        return { author, count: row?.live ?? 0 };
      }),
    async scan({ after, limit }) {
      const page = scan.all(after, limit) as {
        id: number;
        author: number;
        kind: string;
        deleted_at: number | null;
      }[];
      const tweets = page
        .filter((row) => row.kind === 'tweet' && row.deleted_at === null)
        .map(({ id, author }) => ({ id, author }));
      return { tweets, next: page.length < limit ? null : page.at(-1)!.id };
    },
  };
}

/** The result of `find` for each key, without keys for which there is none. */
function present<Key, Value>(keys: readonly Key[], find: (key: Key) => Value | undefined): Value[] {
  const found: Value[] = [];
  for (const key of keys) {
    const value = find(key);
    if (value !== undefined) found.push(value);
  }
  return found;
}
