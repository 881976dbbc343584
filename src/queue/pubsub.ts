/**
 * What connected users are told at once. A hint, not a fact: it may be lost, and whoever was away fetches again.
 * In one process a map; at scale a broadcast.
 */
import type { TweetId, UserId } from '#domain/ids.ts';

export type PubSubEvent =
  | { type: 'tweet'; tweetId: TweetId; userId: UserId; time: number }
  | { type: 'delete'; tweetId: TweetId }
  /** Something in the user's notifications changed; `id` is the newest member where one was added. */
  | { type: 'notification'; id: number | null };

export interface PubSub {
  publish(user: UserId, event: PubSubEvent): void;
  /** Whether anybody listens for that user; cheap, for use in loops over readers. */
  hasSubscribers(user: UserId): boolean;
  /** Everybody somebody listens for. */
  subscribedUsers(): Iterable<UserId>;
  /** Returns how to stop. The listener must not throw and must not block. */
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
