import { partitionOf } from '#domain/events.ts';
import type { RepostId, TweetId } from '#domain/ids.ts';
import type { RepostRow } from '#domain/records.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { RepostActivity, RepostTail } from '../../engagement.ts';
import type { EngagementStore, RepostsByRead, RepostTailsRead } from '../../engagement-store.ts';

/** Above every snowflake: as `before`, it means "from the newest". */
const NEWEST = Number.MAX_SAFE_INTEGER;

type Reposts = Pick<EngagementStore, 'keptReposts' | 'repostTails' | 'repostsById' | 'repostsBy'>;

/** Reposts as homes need them. */
export function createReposts({ db }: { db: Database }): Reposts {
  const kept = db.prepare(
    `SELECT id, tweet_id AS tweetId, actor AS userId, undone_at AS undoneAt FROM reposts
     WHERE tweet_id = ? AND id < ? ORDER BY id DESC LIMIT ? + 0`,
  );
  const active = db.prepare(
    'SELECT id, tweet_id AS tweetId, actor AS userId FROM reposts WHERE id = ? AND undone_at IS NULL',
  );
  return {
    keptReposts: async ({ tweetId, before, limit }) =>
      (kept.all(tweetId, before ?? NEWEST, limit) as unknown as RepostActivity[]).map((row) => ({ ...row })),
    repostTails: createRepostTails(db),
    repostsById: async ({ repostIds }) =>
      db.read(() => {
        const rows: RepostRow[] = [];
        for (const id of new Set(repostIds)) {
          const row = active.get(id) as RepostRow | undefined;
          if (row !== undefined) rows.push({ ...row });
        }
        return rows;
      }),
    repostsBy: createRepostsBy(db),
  };
}

function createRepostTails(db: Database): EngagementStore['repostTails'] {
  const newest = db.prepare(
    `SELECT id, tweet_id AS tweetId FROM reposts
     WHERE actor = ? AND id < ? AND id >= ? AND undone_at IS NULL ORDER BY id DESC LIMIT ? + 0`,
  );
  const since = db.prepare(
    `SELECT id, tweet_id AS tweetId FROM reposts INDEXED BY reposts_by_position
     WHERE actor = ? AND position > ? AND id < ? AND id >= ? AND undone_at IS NULL
     ORDER BY id DESC LIMIT ? + 0`,
  );
  return async ({ actors, before, atLeast, afterPositions, limit }: RepostTailsRead) =>
    db.read(() => {
      const tails: RepostTail[] = [];
      const below = before ?? NEWEST;
      for (const actor of actors) {
        const found = (
          afterPositions === null
            ? newest.all(actor, below, atLeast, limit + 1)
            : since.all(actor, afterPositions[partitionOf(actor)] ?? 0, below, atLeast, limit + 1)
        ) as { id: RepostId; tweetId: TweetId }[];
        if (found.length === 0) continue;
        const reposts = found.slice(0, limit).map((row) => ({ ...row }));
        tails.push({ actor, reposts, truncated: found.length > limit });
      }
      return tails;
    });
}

/**
 * Starts from the shorter list: it looks up the tweet's reposts among the users, or the users among the tweet's
 * reposts. So neither a tweet with a million reposts nor a reader who follows 5,000 users makes it slow.
 */
function createRepostsBy(db: Database): EngagementStore['repostsBy'] {
  const repostCountOf = db.prepare('SELECT reposts FROM tallies WHERE tweet_id = ?');
  const columns = 'r.id, r.tweet_id AS tweetId, r.actor AS userId, r.undone_at AS undoneAt';
  // The indexes are named because SQLite would otherwise look for a few undone reposts among all of the tweet's.
  const kinds = (condition: string, index: string) => ({
    ofTweet: db.prepare(
      `SELECT ${columns} FROM reposts AS r INDEXED BY ${index}
       WHERE r.tweet_id = ? AND r.undone_at ${condition} LIMIT ? + 0`,
    ),
    ofUsers: db.prepare(
      `SELECT ${columns} FROM json_each(?) AS user CROSS JOIN reposts AS r INDEXED BY ${index}
       ON r.tweet_id = ? AND r.actor = user.value WHERE r.undone_at ${condition}`,
    ),
  });
  const active = kinds('IS NULL', 'reposts_once');
  const undone = kinds('IS NOT NULL', 'reposts_undone');

  return async ({ tweetIds, actors, through, undoneAfter }: RepostsByRead) => {
    const users = new Set(actors);
    let usersJson: string | undefined;
    const found: RepostActivity[] = [];

    /** `most`: how many rows of this kind the tweet may have. */
    function collect(statements: ReturnType<typeof kinds>, tweetId: TweetId, most: number): void {
      let rows: unknown[] | undefined;
      if (most <= users.size) rows = statements.ofTweet.all(tweetId, users.size + 1);
      if (rows === undefined || rows.length > users.size) {
        usersJson ??= JSON.stringify([...users]);
        rows = statements.ofUsers.all(usersJson, tweetId);
      }
      for (const row of rows as RepostActivity[]) {
        if (row.id > through || !users.has(row.userId)) continue;
        if (row.undoneAt === null || (undoneAfter !== null && row.undoneAt > undoneAfter)) {
          found.push({ ...row });
        }
      }
    }
    return db.read(() => {
      for (const tweetId of new Set(tweetIds)) {
        const count = (repostCountOf.get(tweetId) as { reposts: number } | undefined)?.reposts;
        if (count === undefined) continue;
        if (count > 0) collect(active, tweetId, count);
        if (undoneAfter !== null) collect(undone, tweetId, 0);
      }
      return found.sort((a, b) => b.id - a.id);
    });
  };
}
