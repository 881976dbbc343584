/** "Somebody you follow tweeted", read from the home: nothing is written for it. */
import type { Snowflake, TweetId, UserId } from '#contract/ids.ts';
import { LIMITS } from '#contract/limits.ts';
import { mayReadPerson } from '#contract/records.ts';
import { inBatches } from '#platform/batches.ts';
import type { Social } from '#social/social.ts';
import type { Timeline } from '#timeline/timeline.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { CandidateSource } from './candidates.ts';
import type { Circles } from './circle.ts';

export interface NewsDeps {
  circles: Circles;
  source: CandidateSource;
  tweets: Pick<Tweets, 'authorsOf'>;
  social: Pick<Social, 'view'>;
}

const BATCH_MOST = 200;
/** However many were deleted or hidden: beyond this the answer is short. */
const BATCHES_MOST = 50;

export function createNews({ circles, source, tweets, social }: NewsDeps): Pick<Timeline, 'newSince'> {
  /** The live ones among these whose authors the reader follows and may read, newest first. */
  async function visible(
    reader: UserId,
    ids: TweetId[],
    counts: ReadonlySet<UserId>,
  ): Promise<{ tweetId: TweetId; actor: UserId }[]> {
    if (ids.length === 0) return [];
    const authors = new Map<TweetId, UserId>();
    for (const { id, author, deleted } of await tweets.authorsOf({ ids })) {
      if (!deleted && counts.has(author)) authors.set(id, author);
    }
    const views = await social.view({ viewer: reader, userIds: [...new Set(authors.values())] });
    const readable = new Set(
      views.filter((view) => mayReadPerson(view, reader) && !view.muting).map(({ userId }) => userId),
    );
    return ids.flatMap((tweetId) => {
      const actor = authors.get(tweetId);
      return actor !== undefined && readable.has(actor) ? [{ tweetId, actor }] : [];
    });
  }

  return {
    /** Postings only: a repost is nobody's new tweet. */
    async newSince({ reader, after, limit }) {
      const circle = await circles.of(reader);
      const activities: { tweetId: TweetId; actor: UserId }[] = [];
      let below: Snowflake = Number.POSITIVE_INFINITY;
      for (let i = 0; i < BATCHES_MOST && below > after + 1 && activities.length < limit; i++) {
        const want = Math.min(BATCH_MOST, limit - activities.length + 8);
        const batch = await source.next({ reader, own: false, circle, below, want });
        const postings = batch.ids.filter((id) => id > after);
        const look = (ids: TweetId[]) => visible(reader, ids, circle.isAllowed);
        activities.push(...(await inBatches(postings, LIMITS.batch, look)));
        below = batch.end;
        if (below === 0) break;
      }
      return { activities: activities.slice(0, limit) };
    },
  };
}
