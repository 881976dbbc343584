/**
 * "Somebody you follow tweeted", for the default bell: read from the home since the read mark, so that a tweet costs
 * its followers' notifications no write. Once read the group is gone: the home has the tweets.
 */
import { unlessDown } from '#contract/errors.ts';
import type { Snowflake, TweetId, UserId } from '#contract/ids.ts';
import { LIMITS } from '#contract/limits.ts';
import { inBatches } from '#platform/batches.ts';
import type { Social } from '#social/social.ts';
import type { Timeline } from '#timeline/timeline.ts';
import { isOn, settingsWith } from './notification-settings.ts';
import type { NotificationFacts } from './notifications-store.ts';
import type { Seen } from './visibility.ts';

export interface FreshTweet {
  tweetId: TweetId;
  actor: UserId;
}

export interface FreshTweetsDeps {
  store: Pick<NotificationFacts, 'settings' | 'bells'>;
  social: Pick<Social, 'edges'>;
  timeline: Pick<Timeline, 'newSince'>;
}

export interface Fresh {
  /** Newest first; reposts among them are told apart by {@link onlyTweets}. */
  activities: FreshTweet[];
  /** There may be more than were asked for. */
  more: boolean;
  /** The timeline could not be asked. */
  partial: boolean;
}

export const NOTHING_FRESH: Fresh = { activities: [], more: false, partial: false };

/** As far back as a group of new tweets counts its authors. */
export const FRESH_TWEETS_MOST: number = LIMITS.ring;

/** What may have been tweeted since `after` by people whom the reader follows with the default bell. */
export async function freshTweets(
  deps: FreshTweetsDeps,
  request: { reader: UserId; after: Snowflake; limit: number },
): Promise<Fresh> {
  const { reader, after, limit } = request;
  const [changed] = await deps.store.settings({ userIds: [reader] });
  if (!isOn(settingsWith(changed?.changes).tweet)) return NOTHING_FRESH;
  const answer = await unlessDown(deps.timeline.newSince({ reader, after, limit }));
  if (answer === null) return { ...NOTHING_FRESH, partial: true };
  const more = answer.activities.length >= limit;
  const later = answer.activities.filter(({ tweetId }) => tweetId > after);
  if (later.length === 0) return { ...NOTHING_FRESH, more };
  const actors = [...new Set(later.map(({ actor }) => actor))];
  const [bells, edges] = await Promise.all([
    deps.store.bells({ userId: reader, others: actors }),
    inBatches(actors, LIMITS.batch, (batch) =>
      deps.social.edges({ pairs: batch.map((followee) => ({ follower: reader, followee })) }),
    ),
  ]);
  const ringing = new Set(bells.map(({ userId }) => userId));
  const followedSince = new Map(edges.map(({ followee, id }) => [followee, id]));
  // A home also holds what somebody tweeted before the follow; nobody is told of that.
  const told = later.filter(
    ({ tweetId, actor }) => !ringing.has(actor) && tweetId > (followedSince.get(actor) ?? tweetId),
  );
  return { activities: told, more, partial: false };
}

/**
 * The tweets among the activities, newest first and each once: reposts left out, and those of which the reader was
 * told by an item of their own.
 */
export function onlyTweets(
  activities: readonly FreshTweet[],
  seen: Seen,
  toldApart: ReadonlySet<Snowflake>,
): FreshTweet[] {
  const tweets = new Map<TweetId, FreshTweet>();
  for (const activity of activities) {
    const { tweetId, actor } = activity;
    const person = seen.person(actor);
    if (toldApart.has(tweetId) || seen.authorOf(tweetId) !== actor || !person?.following) continue;
    if (!person.muting) tweets.set(tweetId, activity);
  }
  return [...tweets.values()].sort((a, b) => b.tweetId - a.tweetId);
}
