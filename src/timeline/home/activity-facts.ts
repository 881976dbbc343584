/** Who acted on which tweet: what an activity's id does not say. It never changes, so it may be cached anywhere. */
import { unlessDown } from '#domain/errors.ts';
import type { ActivityId, TweetId, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Engagement } from '#engagement/engagement.ts';
import { inBatches } from '#platform/batches.ts';
import { NEVER_CHANGES } from '#platform/change-source.ts';
import { createCoherentCache } from '#platform/coherent-cache.ts';
import type { Tweets } from '#tweets/tweets.ts';

export interface ActivityFact {
  actor: UserId;
  tweetId: TweetId;
}

export interface ActivityFacts {
  /** Caches what a delivery or a tail said in passing. */
  learn(activity: ActivityId, actor: UserId, tweetId: TweetId): void;
  /** The facts of activities that exist, in the order asked for. Throws where the tweets service is down. */
  resolve(activities: readonly ActivityId[]): Promise<Resolved>;
}
export interface Resolved {
  /** Undefined: the activity was deleted or undone, or could not be looked up. */
  facts: (ActivityFact | undefined)[];
  /** Engagement was down, so reposts may be missing. */
  partial: boolean;
}

/** Some 60 bytes each. */
const KEPT = 524_288;

export function createActivityFacts(deps: {
  tweets: Pick<Tweets, 'authorsOf'>;
  engagement: Pick<Engagement, 'repostsById'>;
  kept?: number;
}): ActivityFacts {
  const { tweets, engagement, kept = KEPT } = deps;
  /** By magnitude: tweets and reposts share one space of ids. */
  const cache = createCoherentCache<number, ActivityFact>({ changes: [NEVER_CHANGES], max: kept });

  async function readPostings(ids: TweetId[], read: Map<ActivityId, ActivityFact>): Promise<void> {
    const known = await inBatches(ids, LIMITS.batch, (batch) => tweets.authorsOf({ ids: batch }));
    for (const { id, author, deleted } of known) if (!deleted) read.set(id, { actor: author, tweetId: id });
  }
  /** True: engagement was down. */
  async function readReposts(ids: number[], read: Map<ActivityId, ActivityFact>): Promise<boolean> {
    const rows = await unlessDown(
      inBatches(ids, LIMITS.batch, (batch) => engagement.repostsById({ repostIds: batch })),
    );
    for (const { id, userId, tweetId } of rows ?? []) read.set(-id, { actor: userId, tweetId });
    return rows === null;
  }
  async function readMissing(missing: readonly ActivityId[]) {
    const read = new Map<ActivityId, ActivityFact>();
    const postings = missing.filter((activity) => activity > 0) as TweetId[];
    const reposts = missing.filter((activity) => activity < 0).map(Math.abs);
    if (postings.length > 0) await readPostings(postings, read);
    const partial = reposts.length > 0 && (await readReposts(reposts, read));
    cache.fill((keep) => {
      for (const [activity, fact] of read) keep(Math.abs(activity), fact);
    });
    return { read, partial };
  }

  return {
    learn(activity, actor, tweetId) {
      if (cache.get(Math.abs(activity)) !== undefined) return;
      cache.fill((keep) => keep(Math.abs(activity), { actor, tweetId }));
    },
    async resolve(activities) {
      const facts = activities.map((activity) => cache.get(Math.abs(activity)));
      const missing = activities.filter((_, at) => facts[at] === undefined);
      if (missing.length === 0) return { facts, partial: false };
      const { read, partial } = await readMissing(missing);
      return { facts: facts.map((fact, at) => fact ?? read.get(activities[at]!)), partial };
    },
  };
}
