/** "Somebody you follow tweeted": read from the home, so that nothing need be written for it. */
import type { Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { Timeline } from '../timeline.ts';
import type { CandidateSource } from './candidates.ts';
import type { FolloweeSet, FolloweeSets } from './followee-set.ts';

export interface NewTweetsSinceDeps {
  followeeSets: FolloweeSets;
  source: Pick<CandidateSource, 'held'>;
  tweets: Pick<Tweets, 'authorsOf'>;
}

/** Activities per batch. */
const MAX_BATCH = 200;

export function createNewTweetsSince({
  followeeSets,
  source,
  tweets,
}: NewTweetsSinceDeps): Pick<Timeline, 'newTweetsSince'> {
  /**
   * Those of the tweets that exist and whose author the reader followed before they were posted. An active follow alone
   * decides whether its follower may read: a block ends it, and a suspended account is nobody's followee.
   */
  async function tweetsAmong({ followedSince }: FolloweeSet, ids: TweetId[]) {
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
    async newTweetsSince({ reader, after, limit }) {
      const followeeSet = await followeeSets.of(reader);
      const activities: { tweetId: TweetId; actor: UserId }[] = [];
      let below: Snowflake = Number.POSITIVE_INFINITY;
      while (below > after + 1 && activities.length < limit) {
        const want = Math.min(MAX_BATCH, limit - activities.length + 8);
        const batch = await source.held({ reader, followeeSet, below, want });
        if (batch === null) break;
        // Postings only: a repost is not a new tweet.
        activities.push(
          ...(await tweetsAmong(followeeSet, batch.ids.filter((id) => id > after) as TweetId[])),
        );
        below = batch.end;
      }
      // Still Infinity: no home timeline can be kept now, and reading without one costs more the more one follows.
      return { activities: activities.slice(0, limit), partial: below === Number.POSITIVE_INFINITY };
    },
  };
}
