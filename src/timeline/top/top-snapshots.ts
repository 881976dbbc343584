/**
 * Global top lists as they were at some moment: the cache from which they are served. At scale this is Redis. The
 * newest snapshot of a window serves first pages; a replaced one goes on serving pagination sessions that began in it
 * for ten minutes (`LIMITS.topSnapshotKept_ms`). Losing all of them loses those sessions and nothing else.
 */
import type { TweetId } from '#domain/ids.ts';
import type { Window } from '#domain/limits.ts';

export interface TopSnapshot {
  /** Unguessable, and never used twice, not even after a restart. */
  id: string;
  window: Window;
  /** Best first, at most 1,000. Must not be changed. */
  tweetIds: readonly TweetId[];
  /** It was made before all rows had been read, so tweets may be missing. */
  partial: boolean;
}

export interface TopSnapshots {
  /** Makes the snapshot the newest of its window. Putting the same one again changes nothing. */
  put(snapshot: TopSnapshot): Promise<void>;
  /** The newest of a window; undefined where there never was one. */
  newest(window: Window): Promise<TopSnapshot | undefined>;
  /** A snapshot by its id; undefined where it is gone. */
  get(id: string): Promise<TopSnapshot | undefined>;
}
