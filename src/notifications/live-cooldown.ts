/**
 * Who was announced to whom lately. A user's like, repost or follow of one thing is announced once an hour, however often
 * the user takes it back and does it again. The owner of the thing's partition, which alone announces it, keeps this in
 * memory; after a change of owner, or when there are too many entries, something may be announced a second time.
 */

import { LRUCache } from 'lru-cache';
import type { Clock } from '#platform/clock.ts';
import type { Notification } from './notifications-store.ts';
import { TYPE_RULES } from './type-rules.ts';

export interface LiveCooldown {
  /** Whether this may be announced now; if so, its cooldown begins. */
  allows(notification: Notification): boolean;
}

export const COOLDOWN_MS = 3_600_000;
/** Some 150 bytes each. */
const MAX_KEPT = 100_000;

export function createLiveCooldown({
  clock,
  maxKept = MAX_KEPT,
}: {
  clock: Pick<Clock, 'monotonic'>;
  maxKept?: number;
}): LiveCooldown {
  /** When each was last announced (monotonic ms); the oldest are forgotten first. */
  const kept = new LRUCache<string, number>({ max: maxKept });
  return {
    allows({ recipient, type, tweetId, actor }) {
      if (!TYPE_RULES[type].repeatable) return true;
      const key = `${recipient}/${type}/${tweetId}/${actor}`;
      const now = clock.monotonic();
      const last = kept.peek(key);
      if (last !== undefined && now - last < COOLDOWN_MS) return false;
      kept.set(key, now);
      return true;
    },
  };
}
