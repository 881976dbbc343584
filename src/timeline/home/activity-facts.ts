/** Who acted, on which tweet: what an activity's id leaves out. It never changes, so it may be kept anywhere. */
import type { ActivityId, TweetId, UserId } from '#contract/ids.ts';
import { LIMITS } from '#contract/limits.ts';
import type { Engagement } from '#engagement/engagement.ts';
import type { Tweets } from '#tweets/tweets.ts';

export interface ActivityFact {
  actor: UserId;
  tweetId: TweetId;
}

export interface ActivityFacts {
  /** What a delivery or a tail said anyway. */
  learn(activity: ActivityId, actor: UserId, tweetId: TweetId): void;
  /** Undefined: not known here. */
  get(activity: ActivityId): ActivityFact | undefined;
  /** Makes the ones that stand known. True: engagement did not answer for some. Throws where tweets does not answer. */
  resolve(activities: readonly ActivityId[]): Promise<boolean>;
}

/** Each of two generations; 100 to 150 bytes an entry. */
const KEPT = 250_000;

export function createActivityFacts(deps: {
  tweets: Pick<Tweets, 'authorsOf'>;
  engagement: Pick<Engagement, 'repostsById'>;
  kept?: number;
}): ActivityFacts {
  const { tweets, engagement, kept = KEPT } = deps;
  // Two generations instead of a list of uses: what is asked for moves to the young one, the old one is dropped whole.
  let young = new Map<ActivityId, ActivityFact>();
  let old = new Map<ActivityId, ActivityFact>();

  function keep(activity: ActivityId, fact: ActivityFact): void {
    if (young.size >= kept) {
      old = young;
      young = new Map();
    }
    young.set(activity, fact);
  }
  function get(activity: ActivityId): ActivityFact | undefined {
    const fact = young.get(activity);
    if (fact !== undefined) return fact;
    const older = old.get(activity);
    if (older !== undefined) keep(activity, older);
    return older;
  }

  async function resolvePostings(ids: TweetId[]): Promise<void> {
    for (let at = 0; at < ids.length; at += LIMITS.batch) {
      const known = await tweets.authorsOf({ ids: ids.slice(at, at + LIMITS.batch) });
      for (const { id, author, deleted } of known) if (!deleted) keep(id, { actor: author, tweetId: id });
    }
  }
  async function resolveReposts(ids: number[]): Promise<boolean> {
    try {
      for (let at = 0; at < ids.length; at += LIMITS.batch) {
        const rows = await engagement.repostsById({ repostIds: ids.slice(at, at + LIMITS.batch) });
        for (const { id, userId, tweetId } of rows) keep(-id, { actor: userId, tweetId });
      }
      return false;
    } catch {
      return true;
    }
  }

  return {
    learn(activity, actor, tweetId) {
      if (!young.has(activity)) keep(activity, { actor, tweetId });
    },
    get,
    async resolve(activities) {
      const postings: TweetId[] = [];
      const reposts: number[] = [];
      for (const activity of activities) {
        if (get(activity) === undefined) (activity > 0 ? postings : reposts).push(Math.abs(activity));
      }
      if (postings.length > 0) await resolvePostings(postings);
      return reposts.length > 0 && (await resolveReposts(reposts));
    },
  };
}
