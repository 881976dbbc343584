/** "Somebody you follow tweeted", read from the home: nothing is written for it. */
import type { Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { Timeline } from '../timeline.ts';
import type { CandidateSource } from './candidates.ts';
import type { Circle, Circles } from './followee-set.ts';

export interface NewsDeps {
  circles: Circles;
  source: Pick<CandidateSource, 'held'>;
  tweets: Pick<Tweets, 'authorsOf'>;
}

/** Activities looked at together. */
const MAX_BATCH = 200;

export function createNews({ circles, source, tweets }: NewsDeps): Pick<Timeline, 'newSince'> {
  /**
   * The tweets among these that stand, by people whom the reader has followed since before. A follow that stands says
   * all about whether its follower may read: it ends with a block, and a suspended account is nobody's followee.
   */
  async function told({ followedSince }: Circle, ids: TweetId[]) {
    if (ids.length === 0) return [];
    const authors = new Map<TweetId, UserId>();
    for (const { id, author, deleted } of await tweets.authorsOf({ ids })) {
      const since = followedSince.get(author);
      if (!deleted && since !== undefined && id > since) authors.set(id, author);
    }
    return ids.flatMap((tweetId) => {
      const actor = authors.get(tweetId);
      return actor === undefined ? [] : [{ tweetId, actor }];
    });
  }

  return {
    async newSince({ reader, after, limit }) {
      const circle = await circles.of(reader);
      const activities: { tweetId: TweetId; actor: UserId }[] = [];
      let below: Snowflake = Number.POSITIVE_INFINITY;
      while (below > after + 1 && activities.length < limit) {
        const want = Math.min(MAX_BATCH, limit - activities.length + 8);
        const batch = await source.held({ reader, circle, below, want });
        if (batch === null) break;
        // Postings only: a repost is nobody's new tweet.
        activities.push(
          ...(await told(
            circle,
            batch.ids.filter((id) => id > after),
          )),
        );
        below = batch.end;
      }
      // Infinity still: no ring can be kept now, and finding the same out without one grows with whom one follows.
      return { activities: activities.slice(0, limit), partial: below === Number.POSITIVE_INFINITY };
    },
  };
}
