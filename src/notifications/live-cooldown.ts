/**
 * Who rang for whom lately: somebody's like, repost or follow of one thing rings once an hour, however often it is
 * taken back and given again. Kept in memory by the owner of the thing's partition, which alone announces it; when
 * the owner changes, or too many ring, something may ring a second time.
 */

import { LRUCache } from 'lru-cache';
import type { Clock } from '#platform/clock.ts';
import type { Notification } from './notifications-store.ts';
import { TYPE_RULES } from './type-rules.ts';

export interface LiveCooldown {
  /** Whether this may be liveNotifier now; if so its cooldown begins. */
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
  /** When each rang last (monotonic ms); those that rang longest ago go first. */
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
