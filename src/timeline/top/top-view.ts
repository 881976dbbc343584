/**
 * The view behind every top list. Events only say what to read again: likes, followers and accounts are read as they
 * are now, so folding an event twice, or late, changes nothing. A tweet's posting, its likes and its author's followers
 * are all keyed by the author, so everything about an author is in one partition.
 */
import { partitionOf, type WarbleEvent } from '#domain/events.ts';
import type { TweetId, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Engagement } from '#engagement/engagement.ts';
import { inBatches } from '#platform/batches.ts';
import type { View } from '#queue/view.ts';
import type { Social } from '#social/social.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { AuthorFacts, RankRow, TopPatch } from './top-lists-store.ts';

export interface TopViewDeps {
  tweets: Pick<Tweets, 'authorsOf' | 'scan'>;
  social: Pick<Social, 'view' | 'followerCounts' | 'scanUsers'>;
  engagement: Pick<Engagement, 'likeCounts'>;
}

export function createTopView({ tweets, social, engagement }: TopViewDeps): View<TopPatch> {
  async function ranksOf(standing: { tweetId: TweetId; author: UserId }[]): Promise<RankRow[]> {
    const tweetIds = standing.map(({ tweetId }) => tweetId);
    const counts = await inBatches(tweetIds, LIMITS.batch, (ids) => engagement.likeCounts({ tweetIds: ids }));
    const likes = new Map(counts.map((count) => [count.tweetId, count.likes]));
    return standing.map((tweet) => ({ ...tweet, likes: likes.get(tweet.tweetId) ?? 0 }));
  }

  async function tweetsPart(touched: Map<TweetId, UserId>): Promise<Pick<TopPatch, 'ranks' | 'gone'>> {
    const known = await inBatches([...touched.keys()], LIMITS.batch, (ids) => tweets.authorsOf({ ids }));
    const standing = known
      .filter(({ deleted }) => !deleted)
      .map(({ id, author }) => ({ tweetId: id, author }));
    const ranks = await ranksOf(standing);
    for (const { tweetId } of standing) touched.delete(tweetId);
    return { ranks, gone: Array.from(touched, ([tweetId, author]) => ({ tweetId, author })) };
  }

  async function authorsPart(touched: Set<UserId>): Promise<AuthorFacts[]> {
    const authors = [...touched];
    const [users, counts] = await Promise.all([
      inBatches(authors, LIMITS.batch, (userIds) => social.view({ viewer: null, userIds })),
      inBatches(authors, LIMITS.batch, (userIds) => social.followerCounts({ userIds })),
    ]);
    const followers = new Map(counts.map((count) => [count.userId, count.followers]));
    return users.map((user) => ({
      author: user.userId,
      followers: followers.get(user.userId) ?? 0,
      listed: isListed(user),
    }));
  }

  async function scanTweets(partition: number, after: TweetId): Promise<{ patch: TopPatch; next: string }> {
    const page = await tweets.scan({ after, limit: LIMITS.batch });
    const mine = page.tweets.filter(({ author }) => partitionOf(author) === partition);
    const ranks = await ranksOf(mine.map(({ id, author }) => ({ tweetId: id, author })));
    const next = page.next === null ? `${USERS}0` : `${TWEETS}${page.next}`;
    return { patch: { ranks, gone: [], authors: [] }, next };
  }

  async function scanUsers(
    partition: number,
    after: UserId,
  ): Promise<{ patch: TopPatch; next: string | null }> {
    const page = await social.scanUsers({ after, limit: LIMITS.batch });
    const mine = page.users.filter(({ userId }) => partitionOf(userId) === partition);
    const authors = mine.map((user) => ({
      author: user.userId,
      followers: user.followers,
      listed: isListed(user),
    }));
    const next = page.next === null ? null : `${USERS}${page.next}`;
    return { patch: { ranks: [], gone: [], authors }, next };
  }

  return {
    name: 'top-lists',
    topics: ['tweets', 'engagement', 'follows', 'accounts'],
    async fold({ events }) {
      const touched = touchedBy(events);
      const [{ ranks, gone }, authors] = await Promise.all([
        tweetsPart(touched.tweets),
        authorsPart(touched.authors),
      ]);
      return { ranks, gone, authors };
    },
    scan: ({ partition, cursor }) =>
      cursor.startsWith(USERS)
        ? scanUsers(partition, Number(cursor.slice(1)))
        : scanTweets(partition, Number(cursor.slice(1))),
  };
}

/** A rebuild's cursor consists of the table that is being scanned, and the last id seen in it. */
const TWEETS = 't';
const USERS = 'p';

function isListed(user: { state: string; protected: boolean }): boolean {
  return user.state === 'active' && !user.protected;
}

function touchedBy(events: readonly WarbleEvent[]) {
  const tweets = new Map<TweetId, UserId>();
  const authors = new Set<UserId>();
  for (const { type, key, entityId } of events) {
    switch (type) {
      case 'tweet.posted':
        tweets.set(entityId, key);
        authors.add(key);
        break;
      case 'tweet.deleted':
      case 'like.added':
      case 'like.removed':
        tweets.set(entityId, key);
        break;
      case 'follow.added':
      case 'follow.changed':
      case 'follow.removed':
      case 'profile.changed':
      case 'account.changed':
        authors.add(key);
        break;
    }
  }
  return { tweets, authors };
}
