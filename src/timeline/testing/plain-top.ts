/** Top lists by plain computation over all facts, to compare the served ones with. */
import { firstSnowflakeAt, type TweetId, type UserId } from '#domain/ids.ts';
import { WINDOW_MS, type Window } from '#domain/limits.ts';
import type { AccountState } from '#domain/names.ts';
import type { World } from './world.ts';

export interface PlainTweet {
  id: TweetId;
  author: UserId;
  likes: number;
}

export interface PlainFacts {
  /** The live tweets, in order of ids. */
  tweets: PlainTweet[];
  users: Map<UserId, { protected: boolean; state: AccountState; followers: number }>;
}

const PAGE = 500;

type Facts = Pick<World, 'tweets' | 'social' | 'engagement'>;

/** Reads all facts from the services. */
export async function readPlainFacts({ tweets, social, engagement }: Facts): Promise<PlainFacts> {
  const facts: PlainFacts = { tweets: [], users: new Map() };
  for (let after: TweetId | null = 0; after !== null; ) {
    const page: Awaited<ReturnType<typeof tweets.scan>> = await tweets.scan({ after, limit: PAGE });
    const counts = await engagement.likeCounts({ tweetIds: page.tweets.map(({ id }) => id) });
    const likes = new Map(counts.map((each) => [each.tweetId, each.likes]));
    facts.tweets.push(...page.tweets.map((tweet) => ({ ...tweet, likes: likes.get(tweet.id) ?? 0 })));
    after = page.next;
  }
  const { users } = await social.scanUsers({ after: 0, limit: PAGE });
  for (const { userId, ...user } of users) facts.users.set(userId, user);
  return facts;
}

export function isListed({ users }: PlainFacts, userId: UserId): boolean {
  const user = users.get(userId)!;
  return user.state === 'active' && !user.protected;
}

function best({ users }: PlainFacts, tweets: PlainTweet[]): TweetId[] {
  const followers = ({ author }: PlainTweet) => users.get(author)!.followers;
  return tweets
    .sort((a, b) => b.likes - a.likes || followers(b) - followers(a) || b.id - a.id)
    .map(({ id }) => id);
}

function tweetsIn({ tweets }: PlainFacts, window: Window, now: number): PlainTweet[] {
  const windowStart = window === 'all' ? 0 : firstSnowflakeAt(now - WINDOW_MS[window]);
  return tweets.filter(({ id }) => id >= windowStart);
}

export function plainGlobalTop(facts: PlainFacts, window: Window, now: number, max: number): TweetId[] {
  const listed = tweetsIn(facts, window, now).filter(({ author }) => isListed(facts, author));
  return best(facts, listed).slice(0, max);
}

export interface PlainHomeTopRequest {
  reader: UserId;
  /** The reader's followees. */
  followees: readonly { userId: UserId; muted: boolean }[];
  window: Window;
  own: boolean;
  now: number;
  k: number;
}

export function plainHomeTop(facts: PlainFacts, request: PlainHomeTopRequest): TweetId[] {
  const { reader, followees, window, own, now, k } = request;
  const mine = tweetsIn(facts, window, now).filter(({ author }) => {
    if (facts.users.get(author)!.state !== 'active') return false;
    if (author === reader) return own;
    return followees.some(({ userId, muted }) => userId === author && !muted);
  });
  return best(facts, mine).slice(0, k);
}
