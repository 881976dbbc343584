/**
 * Pub/sub for connected users: what they are told at once. An event is a hint, not a fact: it may be lost, and a user
 * who was away fetches again. In one process it is a map; at scale a broadcast.
 */
import type { TweetId, UserId } from '#domain/ids.ts';

export type PubSubEvent =
  | { type: 'tweet'; tweetId: TweetId; userId: UserId; time: number }
  | { type: 'delete'; tweetId: TweetId }
  /** The user's notifications changed; `id` is the newest member where one was added, otherwise null. */
  | { type: 'notification'; id: number | null };

export interface PubSub {
  publish(user: UserId, event: PubSubEvent): void;
  /** Whether anybody subscribes to the user's events. Cheap enough for loops over readers. */
  hasSubscribers(user: UserId): boolean;
  /** The users whose events somebody subscribes to. */
  subscribedUsers(): Iterable<UserId>;
  /** Returns a function that unsubscribes. The listener must not throw and must not block. */
  subscribe(user: UserId, listener: (event: PubSubEvent) => void): () => void;
}

export function createPubSub(): PubSub {
  const listeners = new Map<UserId, Set<(event: PubSubEvent) => void>>();
  return {
    publish(user, event) {
      const set = listeners.get(user);
      if (set !== undefined) for (const listener of set) listener(event);
    },
    hasSubscribers: (user) => listeners.has(user),
    subscribedUsers: () => listeners.keys(),
    subscribe(user, listener) {
      const set = listeners.get(user) ?? new Set();
      listeners.set(user, set);
      set.add(listener);
      return () => {
        set.delete(listener);
        if (set.size === 0) listeners.delete(user);
      };
    },
  };
}
