/**
 * What connected users are told at once. A hint, not a fact: it may be lost, and whoever was away fetches again.
 * In one process a map; at scale a broadcast.
 */
import type { TweetId, UserId } from '#domain/ids.ts';

export type LiveEvent =
  | { type: 'tweet'; tweetId: TweetId; userId: UserId; time: number }
  | { type: 'delete'; tweetId: TweetId }
  /** Something in the user's notifications changed; `id` is the newest member where one was added. */
  | { type: 'notification'; id: number | null };

export interface Live {
  publish(user: UserId, event: LiveEvent): void;
  /** Whether anybody listens for that user; cheap, for use in loops over readers. */
  listening(user: UserId): boolean;
  /** Everybody somebody listens for. */
  users(): Iterable<UserId>;
  /** Returns how to stop. The listener must not throw and must not block. */
  listen(user: UserId, listener: (event: LiveEvent) => void): () => void;
}

export function createLive(): Live {
  const listeners = new Map<UserId, Set<(event: LiveEvent) => void>>();
  return {
    publish(user, event) {
      const set = listeners.get(user);
      if (set !== undefined) for (const listener of set) listener(event);
    },
    listening: (user) => listeners.has(user),
    users: () => listeners.keys(),
    listen(user, listener) {
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
