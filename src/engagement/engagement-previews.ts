/** Previews for readers who may not see some of the newest likes or comments of a tweet. */
import { requireBatch } from '#domain/batch.ts';
import type { Snowflake, TweetId, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Social } from '#social/social.ts';
import type { Engagement } from './engagement.ts';
import type { EngagementStore, ListRead } from './engagement-store.ts';
import { readableAmong } from './engagement-visibility.ts';

export interface PreviewsDeps {
  store: Pick<EngagementStore, 'likes' | 'comments'>;
  social: Pick<Social, 'visibleProfiles'>;
}

interface Row {
  id: Snowflake;
  userId: UserId;
}

/** The search for one tweet's previews. */
interface Search<Found extends Row> {
  tweetId: TweetId;
  read(position: ListRead): Promise<Found[]>;
  before: Snowflake | null;
  shown: Found[];
  exhausted: boolean;
}

/** Rows of a tweet in one round: all searches of a round share one question about users. */
const ROUND_ROWS = 50;
const MAX_ROUNDS = LIMITS.previewSearched / ROUND_ROWS;

export function createPreviews({ store, social }: PreviewsDeps): Pick<Engagement, 'visiblePreviews'> {
  async function lookFurther(viewer: UserId | null, searches: Search<Row>[]): Promise<void> {
    const pages = await Promise.all(
      searches.map(({ read, tweetId, before }) => read({ tweetId, before, limit: ROUND_ROWS })),
    );
    const visible = await readableAmong(social, viewer, pages.flat());
    for (const [i, search] of searches.entries()) {
      const rows = pages[i]!;
      for (const row of rows) {
        if (search.shown.length < LIMITS.previewShown && visible.has(row.userId)) search.shown.push(row);
      }
      search.before = rows.at(-1)?.id ?? null;
      search.exhausted = rows.length < ROUND_ROWS || search.shown.length === LIMITS.previewShown;
    }
  }

  return {
    async visiblePreviews({ viewer, likesOf, commentsOf }) {
      requireBatch(likesOf);
      requireBatch(commentsOf);
      const likes = likesOf.map((tweetId) => searchOf(tweetId, store.likes));
      const comments = commentsOf.map((tweetId) => searchOf(tweetId, store.comments));
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const open = [...likes, ...comments].filter(({ exhausted }) => !exhausted);
        if (open.length === 0) break;
        await lookFurther(viewer, open);
      }
      return {
        likes: likes.flatMap(({ shown }) => shown),
        comments: comments.flatMap(({ shown }) => shown),
      };
    },
  };
}

function searchOf<Found extends Row>(
  tweetId: TweetId,
  read: (position: ListRead) => Promise<Found[]>,
): Search<Found> {
  return { tweetId, read, before: null, shown: [], exhausted: false };
}
