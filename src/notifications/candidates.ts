/**
 * From acts to notifications: who is told of what. Nobody is told of their own acts, and of one act nobody is told twice: a
 * comment on my tweet that mentions me is a comment; a mention by somebody whose bell I set to `all` is a mention.
 */
import { type CommentId, snowflakeTime, type TweetId, type UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { TweetRecord } from '#domain/records.ts';
import type { EngagementRecord } from '#engagement/engagement.ts';
import { inBatches } from '#platform/batches.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { BellJob, Notification, NotificationFacts } from './notifications-store.ts';

/** Alternative notifications of one act for one recipient, the most specific first: the first that they want is written. */
export type Candidates = Notification[];

export interface CandidateSource {
  /** Current texts by id; what is gone is left out. */
  texts(ids: readonly number[]): Promise<Map<number, TweetRecord>>;
  /** Mentions in these tweets, and the first of those who want to be told of every tweet; jobs for the others. */
  fromTweets(tweets: readonly TweetRecord[]): Promise<{ candidates: Candidates[]; bellJobs: BellJob[] }>;
  /** The next page of a bell job. */
  fromBell(job: BellJob): Promise<{ candidates: Candidates[]; next: UserId | null }>;
}

export interface CandidateSourceDeps {
  store: Pick<NotificationFacts, 'bellSubscribers'>;
  tweets: Pick<Tweets, 'get'>;
}

/** Bell subscribers notified in the fold itself, over all tweets of a batch: keeps a commit small. */
const MAX_BELL_SUBSCRIBERS_PER_FOLD = 1_000;
const BELL_PAGE = 500;

export function createCandidateSource({ store, tweets }: CandidateSourceDeps): CandidateSource {
  async function bellPage({ author, tweetId, after }: BellJob, limit: number) {
    const { subscribers, next } = await store.bellSubscribers({ author, after, limit });
    // Only who had the bell set by then: so a rebuild tells nobody of what was tweeted before.
    const recipients = subscribers.filter(
      ({ since, userId }) => since <= snowflakeTime(tweetId) && userId !== author,
    );
    return {
      notifications: recipients.map(({ userId }) => tweetNotification(userId, tweetId, author)),
      read: subscribers.length,
      next,
    };
  }

  return {
    async texts(ids) {
      const records = await inBatches([...new Set(ids)], LIMITS.batch, (batch) => tweets.get({ ids: batch }));
      return new Map(records.map((record) => [record.id, record]));
    },
    async fromTweets(posted) {
      const candidates: Candidates[] = [];
      const bellJobs: BellJob[] = [];
      let room = MAX_BELL_SUBSCRIBERS_PER_FOLD;
      for (const tweet of posted) {
        const byRecipient = new Map(
          mentionNotifications(tweet, tweet.id, null).map((notification) => [
            notification.recipient,
            [notification],
          ]),
        );
        const job: BellJob = { author: tweet.author, tweetId: tweet.id, after: 0 };
        const page = await bellPage(job, Math.min(BELL_PAGE, Math.max(room, 1)));
        const fits = page.read <= room;
        room -= fits ? page.read : 0;
        for (const notification of fits ? page.notifications : []) {
          byRecipient.set(notification.recipient, [
            ...(byRecipient.get(notification.recipient) ?? []),
            notification,
          ]);
        }
        if (!fits) bellJobs.push(job);
        else if (page.next !== null) bellJobs.push({ ...job, after: page.next });
        candidates.push(...byRecipient.values());
      }
      return { candidates, bellJobs };
    },
    async fromBell(job) {
      const { notifications, next } = await bellPage(job, BELL_PAGE);
      // Whoever was told of a mention in it keeps that: a notification is added only where there is none with its id.
      return { candidates: notifications.map((notification) => [notification]), next };
    },
  };
}

function tweetNotification(recipient: UserId, tweetId: TweetId, author: UserId): Notification {
  return { recipient, id: tweetId, type: 'tweet', tweetId, commentId: null, actor: author };
}

/** One notification for each user whom a text mentions, its author left out. */
function mentionNotifications(text: TweetRecord, rootId: TweetId, commentId: number | null): Notification[] {
  const mentioned = new Set(text.entities.mentions.map(({ userId }) => userId));
  mentioned.delete(text.author);
  mentioned.delete(null);
  return [...(mentioned as Set<UserId>)].map((recipient) => ({
    recipient,
    id: text.id,
    type: 'mention',
    tweetId: rootId,
    commentId,
    actor: text.author,
  }));
}

/** Who is told of a like, a comment or a repost. `text`: the comment's, where it still stands. */
export function candidatesOfEngagement(
  engagement: EngagementRecord,
  text: TweetRecord | undefined,
): Candidates[] {
  const { kind, id, tweetId, author, actor } = engagement;
  const commentId = kind === 'comment' ? (id as CommentId) : null;
  const toAuthor: Notification = { recipient: author, id, type: kind, tweetId, commentId, actor };
  const own = author === actor ? [] : [toAuthor];
  if (kind !== 'comment' || text === undefined) return own.length > 0 ? [own] : [];
  const mentions = mentionNotifications(text, tweetId, id);
  const others = mentions
    .filter(({ recipient }) => recipient !== author)
    .map((notification) => [notification]);
  const forAuthor = [...own, ...mentions.filter(({ recipient }) => recipient === author)];
  return forAuthor.length > 0 ? [forAuthor, ...others] : others;
}
