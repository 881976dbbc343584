/**
 * A small world for tests of lists: users, tweets, likes, comments and follows in plain maps, the parts of the three
 * services that lists use, and the log of changes. Every answer is computed from the maps.
 */
import { WarbleError } from '#domain/errors.ts';
import { type EventType, PARTITIONS, partitionOf, type Topic, type WarbleEvent } from '#domain/events.ts';
import {
  type CommentId,
  firstSnowflakeAt,
  type LikeId,
  SNOWFLAKES_PER_MS,
  type Snowflake,
  snowflakeTime,
  type TextId,
  type TweetId,
  type UserId,
} from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { AccountState, TweetKind } from '#domain/names.ts';
import type { TweetRecord } from '#domain/records.ts';
import type { Engagement, Summary } from '#engagement/engagement.ts';
import { createPreviews } from '#engagement/engagement-previews.ts';
import type { ListRead } from '#engagement/engagement-store.ts';
import { type ChangeSource, createChangeTeller } from '#platform/change-clock.ts';
import type { Clock } from '#platform/clock.ts';
import type { Log, LogRecord } from '#queue/log.ts';
import type { Social } from '#social/social.ts';
import type { Tweets } from '#tweets/tweets.ts';
import { commentsOf, likesOf, newUser, viewsOf } from './world-reads.ts';

export interface WorldUser {
  userId: UserId;
  protected: boolean;
  state: AccountState;
  /** The users whom they follow publicly, block and mute. */
  following: Set<UserId>;
  blocking: Set<UserId>;
  muting: Set<UserId>;
}

export interface WorldTweet {
  /** Of a tweet, or of a comment. */
  id: number;
  author: UserId;
  kind: TweetKind;
  deleted: boolean;
  likes: Map<UserId, LikeId>;
  comments: { id: CommentId; userId: UserId }[];
}

export interface World {
  users: Map<UserId, WorldUser>;
  items: Map<number, WorldTweet>;
  tweets: Pick<Tweets, 'get' | 'authorsOf' | 'scan' | 'byAuthor'>;
  social: Pick<
    Social,
    'view' | 'visibleProfiles' | 'blocksAndMutes' | 'followerCounts' | 'scanUsers' | 'followeesOf'
  >;
  engagement: Pick<Engagement, 'likeCounts' | 'summaries' | 'viewerState' | 'visiblePreviews'>;
  /**
   * Of changes to tweets, to what is under them, and to users; not of relationships, which no tweet view is made of.
   */
  changes: ChangeSource;
  log: Log;
  /** Calls of each method, by `service.method`. */
  calls: Map<string, number>;
  /** Services that are down. */
  down: Set<'social' | 'engagement'>;
  /** An id minted now, or `age_ms` ago. */
  mint(age_ms?: number): number;
  join(userId: UserId): WorldUser;
  post(author: UserId, age_ms?: number): TweetId;
  remove(id: TextId): void;
  like(tweetId: TweetId, userId: UserId): void;
  unlike(tweetId: TweetId, userId: UserId): void;
  comment(tweetId: TweetId, userId: UserId): CommentId;
  follow(follower: UserId, followee: UserId): void;
  unfollow(follower: UserId, followee: UserId): void;
  setAccount(userId: UserId, changed: { protected?: boolean; state?: AccountState }): void;
  followersOf(userId: UserId): number;
}

export function createWorld(clock: Pick<Clock, 'now'>): World {
  const users: World['users'] = new Map();
  const items: World['items'] = new Map();
  const calls: World['calls'] = new Map();
  const down: World['down'] = new Set();
  const { log, append } = createMemoryLog(clock);
  const changes = createChangeTeller({ soleOwner: true });
  let minted = 0;

  const mint = (age_ms = 0): number => {
    const at = minted++ % SNOWFLAKES_PER_MS;
    return firstSnowflakeAt(clock.now() - age_ms) + at;
  };
  const user = (userId: UserId) => users.get(userId)!;
  const liveTweets = () => [...items.values()].filter((item) => item.kind === 'tweet' && !item.deleted);
  const followersOf = (userId: UserId) =>
    [...users.values()].filter((other) => other.following.has(userId)).length;

  const views = viewsOf(users);
  const page = <Row extends { id: Snowflake }>(rows: Row[], { before, limit }: ListRead) =>
    rows.filter(({ id }) => before === null || id < before).slice(0, limit);

  return {
    users,
    items,
    calls,
    down,
    log,
    changes,
    mint,
    followersOf,
    tweets: counted('tweets', {
      // The interfaces promise no order.
      get: async ({ ids }) =>
        ids.toReversed().flatMap((id) => {
          const item = items.get(id);
          return item === undefined || item.deleted ? [] : [recordOf(id, item)];
        }),
      authorsOf: async ({ ids }) =>
        ids.flatMap((id) => {
          const item = items.get(id);
          return item === undefined ? [] : [{ id, author: item.author, deleted: item.deleted }];
        }),
      async scan({ after, limit }) {
        const page = liveTweets()
          .filter(({ id }) => id > after)
          .sort((a, b) => a.id - b.id)
          .slice(0, limit);
        const next = page.length < limit ? null : page.at(-1)!.id;
        return { tweets: page.map(({ id, author }) => ({ id, author })), next };
      },
      async byAuthor({ author, before, limit }) {
        const ids = liveTweets()
          .filter((item) => item.author === author && (before === null || item.id < before))
          .map(({ id }) => id);
        return { ids: ids.sort((a, b) => b - a).slice(0, limit) };
      },
    }),
    social: counted('social', {
      ...views,
      followerCounts: async ({ userIds }) =>
        userIds.map((userId) => ({ userId, followers: followersOf(userId) })),
      async scanUsers({ after, limit }) {
        const page = [...users.values()]
          .filter(({ userId }) => userId > after)
          .sort((a, b) => a.userId - b.userId)
          .slice(0, limit);
        return {
          users: page.map(({ userId, protected: locked, state }) => ({
            userId,
            protected: locked,
            state,
            followers: followersOf(userId),
          })),
          next: page.length < limit ? null : page.at(-1)!.userId,
        };
      },
      followeesOf: async ({ follower }) => ({
        followees: [...user(follower).following].map((userId) => ({
          userId,
          id: 1,
          muted: user(follower).muting.has(userId),
          repostsHidden: false,
        })),
      }),
    }),
    engagement: counted('engagement', {
      likeCounts: async ({ tweetIds }) =>
        tweetIds.map((tweetId) => ({ tweetId, likes: items.get(tweetId)?.likes.size ?? 0 })),
      summaries: async ({ viewer, tweetIds }) =>
        tweetIds.toReversed().map((tweetId) => summaryOf(tweetId, viewer)),
      viewerState: async ({ viewer, tweetIds }) => ({
        liked: tweetIds.filter((tweetId) => items.get(tweetId)?.likes.has(viewer)),
        reposted: [],
      }),
      ...createPreviews({
        store: {
          likes: async (request) => page(likesOf(items, request.tweetId), request),
          comments: async (request) => page(commentsOf(items, request.tweetId), request),
        },
        social: views,
      }),
    }),
    join(userId) {
      const joined = newUser(userId);
      users.set(userId, joined);
      append('accounts', 'account.changed', userId, 0);
      return joined;
    },
    post(author, age_ms) {
      const id = mint(age_ms);
      items.set(id, { id, author, kind: 'tweet', deleted: false, likes: new Map(), comments: [] });
      append('tweets', 'tweet.posted', author, id);
      return id;
    },
    remove(id) {
      const item = items.get(id)!;
      item.deleted = true;
      changes.tell([id]);
      append('tweets', 'tweet.deleted', item.author, id);
    },
    like(tweetId, userId) {
      const { likes, author } = items.get(tweetId)!;
      if (likes.has(userId)) return;
      likes.set(userId, mint());
      changes.tell([tweetId]);
      append('engagement', 'like.added', author, tweetId);
    },
    unlike(tweetId, userId) {
      const { likes, author } = items.get(tweetId)!;
      if (!likes.delete(userId)) return;
      changes.tell([tweetId]);
      append('engagement', 'like.removed', author, tweetId);
    },
    comment(tweetId, userId) {
      const id = mint();
      items.set(id, { id, author: userId, kind: 'comment', deleted: false, likes: new Map(), comments: [] });
      items.get(tweetId)!.comments.unshift({ id, userId });
      changes.tell([tweetId, id]);
      return id;
    },
    follow(follower, followee) {
      user(follower).following.add(followee);
      append('follows', 'follow.added', followee, mint());
    },
    unfollow(follower, followee) {
      if (user(follower).following.delete(followee)) append('follows', 'follow.removed', followee, mint());
    },
    setAccount(userId, changed) {
      Object.assign(user(userId), changed);
      changes.tell([userId]);
      append('accounts', changed.state === undefined ? 'profile.changed' : 'account.changed', userId, 0);
    },
  };

  /** Counts calls, and rejects them while the service is down. */
  function counted<Service extends object>(
    name: 'tweets' | 'social' | 'engagement',
    service: Service,
  ): Service {
    return new Proxy(service, {
      get(target, method) {
        const call = Reflect.get(target, method) as (request: unknown) => Promise<unknown>;
        return async (request: unknown) => {
          const key = `${name}.${String(method)}`;
          calls.set(key, (calls.get(key) ?? 0) + 1);
          if (name !== 'tweets' && down.has(name)) throw new WarbleError('unavailable', `${name} is down.`);
          return call(request);
        };
      },
    });
  }

  function summaryOf(tweetId: TweetId, viewer: UserId | null): Summary {
    const [likes, comments] = [likesOf(items, tweetId), commentsOf(items, tweetId)];
    return {
      tweetId,
      likeCount: likes.length,
      commentCount: comments.length,
      repostCount: 0,
      likes: likes.slice(0, LIMITS.previewFetched),
      comments: comments.slice(0, LIMITS.previewFetched),
      viewer:
        viewer === null ? null : { liked: likes.some(({ userId }) => userId === viewer), reposted: false },
    };
  }
}

function recordOf<Id extends TextId>(id: Id, { author, kind }: WorldTweet): TweetRecord<Id> {
  return {
    id,
    author,
    kind,
    parentId: null,
    rootId: null,
    quoteOf: null,
    visibility: 'public',
    version: 1,
    lang: null,
    labels: [],
    appId: null,
    content: `text of ${id}`,
    entities: { mentions: [], hashtags: [], links: [] },
    images: [],
    time: snowflakeTime(id),
  };
}

/** A log in memory, for one process. */
function createMemoryLog(clock: Pick<Clock, 'now'>) {
  const partitions = new Map<string, LogRecord[]>();
  const trimmed = new Map<string, number>();
  const sequences = new Map<string, number>();
  const recordsOf = (topic: Topic, partition: number) => {
    const name = `${topic}/${partition}`;
    if (!partitions.has(name)) partitions.set(name, []);
    return partitions.get(name)!;
  };
  const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  const log: Log = {
    async read({ topic, partition, after, limit }) {
      return recordsOf(topic, partition)
        .filter(({ position }) => position > after)
        .slice(0, limit);
    },
    range: async ({ topic }) => ({
      end: all.map((partition) => recordsOf(topic, partition).length),
      start: all.map((partition) => trimmed.get(`${topic}/${partition}`) ?? 0),
    }),
    async trim({ topic, partition, through }) {
      trimmed.set(`${topic}/${partition}`, through);
      return false;
    },
    onAppend: () => {},
  };
  function append(topic: Topic, type: EventType, key: UserId, entityId: number): void {
    const partition = partitionOf(key);
    const records = recordsOf(topic, partition);
    const sequence = (sequences.get(`${topic}/${key}`) ?? 0) + 1;
    sequences.set(`${topic}/${key}`, sequence);
    const event: WarbleEvent = {
      topic,
      type,
      key,
      entityId,
      entityVersion: 1,
      actorId: key,
      itemId: 0,
      time: clock.now(),
      traceId: '',
      eventId: `${topic}/${key}/${sequence}`,
      schemaVersion: 1,
      sequence,
      region: 'local',
    };
    records.push({ partition, position: records.length + 1, event });
  }
  return { log, append };
}
