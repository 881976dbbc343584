import type { CommentId, LikeId, RepostId, Snowflake, TweetId, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { EngagementKind } from '#domain/names.ts';
import type { CommentRow, LikeRow } from '#domain/records.ts';
import type { Database, Statement } from '#platform/sqlite/database.ts';
import type { EngagementRecord, Summary } from '../../engagement.ts';
import type { EngagementStore, ListRead } from '../../engagement-store.ts';

interface Counts {
  likes: number;
  comments: number;
  reposts: number;
}
/** Above every snowflake: as `before`, it means "from the newest". */
const NEWEST = Number.MAX_SAFE_INTEGER;

type Reads = Pick<
  EngagementStore,
  | 'summaries'
  | 'viewerState'
  | 'likeCounts'
  | 'likes'
  | 'comments'
  | 'reposts'
  | 'active'
  | 'scan'
  | 'tweetIds'
>;

/** Counts, previews and lists. */
export function createReads({ db }: { db: Database }): Reads {
  const countsOf = db.prepare('SELECT likes, comments, reposts FROM tallies WHERE tweet_id = ?');
  const likesOf = db.prepare(
    'SELECT id, actor FROM likes WHERE tweet_id = ? AND id < ? ORDER BY id DESC LIMIT ? + 0',
  );
  const commentsOf = db.prepare(
    'SELECT id, actor FROM comments WHERE tweet_id = ? AND id < ? AND state = 1 ORDER BY id DESC LIMIT ? + 0',
  );
  const repostsOf = db.prepare(
    `SELECT id, actor FROM reposts WHERE tweet_id = ? AND id < ? AND undone_at IS NULL
     ORDER BY id DESC LIMIT ? + 0`,
  );
  const likeBy = db.prepare('SELECT id FROM likes WHERE tweet_id = ? AND actor = ?');
  const repostBy = db.prepare(
    'SELECT id FROM reposts WHERE tweet_id = ? AND actor = ? AND undone_at IS NULL',
  );
  const activeById = [
    db.prepare('SELECT id FROM likes WHERE id = ?'),
    db.prepare('SELECT id FROM comments WHERE id = ? AND state = 1'),
    db.prepare('SELECT id FROM reposts WHERE id = ? AND undone_at IS NULL'),
  ];
  const tweetsAfter = db.prepare(
    'SELECT tweet_id AS id FROM tallies WHERE tweet_id > ? ORDER BY tweet_id LIMIT ? + 0',
  );

  function list<Id extends Snowflake>(statement: Statement, { tweetId, before, limit }: ListRead) {
    const rows = statement.all(tweetId, before ?? NEWEST, limit) as { id: Id; actor: UserId }[];
    return rows.map(({ id, actor }) => ({ id, tweetId, userId: actor }));
  }
  function summary(viewer: UserId | null, tweetId: TweetId): Summary {
    const counts = countsOf.get(tweetId) as Counts | undefined;
    const { likes = 0, comments = 0, reposts = 0 } = counts ?? {};
    const newest = { tweetId, before: null, limit: LIMITS.previewFetched };
    const likeRows: LikeRow[] = likes === 0 ? [] : list<LikeId>(likesOf, newest);
    const commentRows: CommentRow[] = comments === 0 ? [] : list<CommentId>(commentsOf, newest);
    return {
      tweetId,
      likeCount: likes,
      commentCount: comments,
      repostCount: reposts,
      likes: likeRows,
      comments: commentRows,
      viewer:
        viewer === null
          ? null
          : {
              liked: likes > 0 && likeBy.get(tweetId, viewer) !== undefined,
              reposted: reposts > 0 && repostBy.get(tweetId, viewer) !== undefined,
            },
    };
  }

  return {
    summaries: async ({ viewer, tweetIds }) => db.read(() => tweetIds.map((id) => summary(viewer, id))),
    viewerState: async ({ viewer, tweetIds }) =>
      db.read(() => ({
        liked: tweetIds.filter((id) => likeBy.get(id, viewer) !== undefined),
        reposted: tweetIds.filter((id) => repostBy.get(id, viewer) !== undefined),
      })),
    likeCounts: async ({ tweetIds }) =>
      db.read(() => {
        const counts: { tweetId: TweetId; likes: number }[] = [];
        for (const tweetId of new Set(tweetIds)) {
          const likes = (countsOf.get(tweetId) as Counts | undefined)?.likes ?? 0;
          if (likes > 0) counts.push({ tweetId, likes });
        }
        return counts;
      }),
    likes: async (request) => list<LikeId>(likesOf, request),
    comments: async (request) => list<CommentId>(commentsOf, request),
    reposts: async (request) => list<RepostId>(repostsOf, request),
    active: async ({ ids }) =>
      db.read(() => ids.filter((id) => activeById.some((statement) => statement.get(id) !== undefined))),
    scan: createScan(db),
    tweetIds: async ({ after, limit }) =>
      (tweetsAfter.all(after, limit) as { id: TweetId }[]).map(({ id }) => id),
  };
}

/** All that is active, in the order of its ids: the next `limit` of each kind are merged, then cut to `limit`. */
function createScan(db: Database): EngagementStore['scan'] {
  const next = (kind: EngagementKind, active: string) =>
    db.prepare(
      `SELECT '${kind}' AS kind, id, tweet_id AS tweetId, author, actor FROM ${kind}s
       WHERE id > ? AND ${active} ORDER BY id LIMIT ? + 0`,
    );
  const statements = [
    next('like', 'true'),
    next('comment', 'state = 1'),
    next('repost', 'undone_at IS NULL'),
  ];
  return async ({ after, limit }) =>
    db.read(() => {
      const rows = statements.flatMap((statement) => statement.all(after, limit));
      const engagements = (rows as unknown as EngagementRecord[]).map((row) => ({ ...row }));
      return engagements.sort((a, b) => a.id - b.id).slice(0, limit);
    });
}
