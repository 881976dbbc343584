/**
 * What connected people are told at once. A hint, not a fact: it may be lost, and whoever was away fetches again.
 * In one process a map; at scale a broadcast.
 */
import type { TweetId, UserId } from '#domain/ids.ts';

export type LiveEvent =
  | { type: 'tweet'; tweetId: TweetId; userId: UserId; time: number }
  | { type: 'delete'; tweetId: TweetId }
  /** Something in the person's notifications changed; `id` is the newest member where one was added. */
  | { type: 'notification'; id: number | null };

export interface Live {
  publish(person: UserId, event: LiveEvent): void;
  /** Whether anybody listens for that person; cheap, for use in loops over readers. */
  listening(person: UserId): boolean;
  /** Everybody somebody listens for. */
  people(): Iterable<UserId>;
  /** Returns how to stop. The listener must not throw and must not block. */
  listen(person: UserId, listener: (event: LiveEvent) => void): () => void;
}

export function createLive(): Live {
  const listeners = new Map<UserId, Set<(event: LiveEvent) => void>>();
  return {
    publish(person, event) {
      const set = listeners.get(person);
      if (set !== undefined) for (const listener of set) listener(event);
    },
    listening: (person) => listeners.has(person),
    people: () => listeners.keys(),
    listen(person, listener) {
      const set = listeners.get(person) ?? new Set();
      listeners.set(person, set);
      set.add(listener);
      return () => {
        set.delete(listener);
        if (set.size === 0) listeners.delete(person);
      };
    },
  };
}
