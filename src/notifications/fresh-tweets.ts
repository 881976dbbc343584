/**
 * "Somebody you follow tweeted", for the default bell. It is read from the home, from the read marker on, so a tweet
 * writes no notifications for its followers. Once it is read, the group is gone: the home shows the tweets. What a user
 * tweeted while they were muted counts as read.
 */
import { unlessDown } from '#domain/errors.ts';
import type { Snowflake, TweetId, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { HiddenPeriod } from '#social/social.ts';
import type { Timeline } from '#timeline/timeline.ts';
import { isOn, settingsWith } from './notification-settings.ts';
import type { NotificationFacts } from './notifications-store.ts';
import { periodOf } from './read-state.ts';

export interface FreshTweet {
  tweetId: TweetId;
  actor: UserId;
}

export interface FreshTweetsDeps {
  store: Pick<NotificationFacts, 'settings' | 'bells'>;
  timeline: Pick<Timeline, 'newTweetsSince'>;
}

export interface FreshTweets {
  /** Newest first, each once. */
  tweets: FreshTweet[];
  /** There may be more than were asked for. */
  more: boolean;
  /** The timeline service did not answer. */
  partial: boolean;
}

const NO_FRESH_TWEETS: FreshTweets = { tweets: [], more: false, partial: false };

/** How far back a group of new tweets counts its authors. */
export const MAX_FRESH_TWEETS: number = LIMITS.homeTimeline;

/**
 * The tweets since `after` by users whom the reader follows with the default bell. `limit`: the most tweets to look at;
 * tweets of users with another bell are left out.
 */
export async function freshTweets(
  { store, timeline }: FreshTweetsDeps,
  request: {
    reader: UserId;
    after: Snowflake;
    limit: number;
    hidden: ReadonlyMap<UserId, HiddenPeriod[]>;
  },
): Promise<FreshTweets> {
  const { reader, after, limit, hidden } = request;
  const [changed] = await store.settings({ userIds: [reader] });
  if (!isOn(settingsWith(changed?.changes).tweet)) return NO_FRESH_TWEETS;
  const answer = await unlessDown(timeline.newTweetsSince({ reader, after, limit }));
  if (answer === null) return { ...NO_FRESH_TWEETS, partial: true };
  const { activities, partial } = answer;
  if (activities.length === 0) return { ...NO_FRESH_TWEETS, partial };
  const others = [...new Set(activities.map(({ actor }) => actor))];
  const bells = await store.bells({ userId: reader, others });
  const otherwise = new Set(bells.map(({ userId }) => userId));
  const tweets = activities.filter(
    ({ actor, tweetId }) => !otherwise.has(actor) && periodOf(hidden, { actor, id: tweetId }) === undefined,
  );
  return { tweets, more: activities.length >= limit, partial };
}
