import { notFound } from '#domain/errors.ts';
import type { Snowflake, TweetId, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Page, TweetRecord } from '#domain/records.ts';
import { inBatches } from '#platform/batches.ts';
import { visibleList } from '#platform/fill-page.ts';
import type { Social, VisibleProfile } from '#social/social.ts';
import type { Tweets } from '#tweets/tweets.ts';

export interface VisibilityDeps {
  tweets: Pick<Tweets, 'get'>;
  social: Pick<Social, 'visibleProfiles'>;
}

/** A tweet that the viewer may read, and its author as this viewer sees them. */
export interface ReadableTweet {
  tweet: TweetRecord;
  author: VisibleProfile;
}

interface ListRow {
  id: Snowflake;
  userId: UserId;
}
export interface VisibleList<Row extends ListRow> {
  viewer: UserId | null;
  before: Snowflake | null;
  limit: number;
  /** Rows with an id below `before`, newest first, at most `limit`. */
  read: (request: { before: Snowflake | null; limit: number }) => Promise<Row[]>;
}

export interface Visibility {
  /** Throws not_found where the tweet is gone, is a comment, or is hidden from this reader. */
  readable(request: { viewer: UserId | null; tweetId: TweetId }): Promise<ReadableTweet>;
  /** Whether this viewer is shown the likes, comments and reposts of that user. */
  shows(request: { viewer: UserId | null; actor: UserId }): Promise<boolean>;
  /** A full page of rows, without those of users who are hidden from the viewer. */
  page<Row extends ListRow>(list: VisibleList<Row>): Promise<Page<Row>>;
}

export function createVisibility({ tweets, social }: VisibilityDeps): Visibility {
  const named = async (viewer: UserId | null, userId: UserId) =>
    (await social.visibleProfiles({ viewer, userIds: [userId] }))[0];

  return {
    async readable({ viewer, tweetId }) {
      const [tweet] = await tweets.get({ ids: [tweetId] });
      if (tweet === undefined || tweet.kind !== 'tweet') throw notFound();
      const author = await named(viewer, tweet.author);
      if (author?.readable !== true) throw notFound();
      return { tweet, author };
    },
    async shows({ viewer, actor }) {
      return (await named(viewer, actor))?.readable === true;
    },
    page: ({ viewer, before, limit, read }) =>
      visibleList({
        before,
        limit,
        read,
        async visible(rows) {
          const readable = await readableAmong(social, viewer, rows);
          return rows.filter((row) => readable.has(row.userId));
        },
      }),
  };
}

/** The users of these rows whom the viewer may read, and whose engagement the viewer is therefore shown. */
export async function readableAmong(
  social: Pick<Social, 'visibleProfiles'>,
  viewer: UserId | null,
  rows: readonly { userId: UserId }[],
): Promise<Set<UserId>> {
  const userIds = [...new Set(rows.map((row) => row.userId))];
  const shown = await inBatches(userIds, LIMITS.batch, (batch) =>
    social.visibleProfiles({ viewer, userIds: batch }),
  );
  return new Set(userIds.filter((_, i) => shown[i]?.readable === true));
}
