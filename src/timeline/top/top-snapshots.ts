/**
 * Global top lists as they were at some moment: the cache from which they are served. At scale Redis. The newest of a
 * window serves fresh reads; one that was replaced goes on serving pagination sessions that began in it for ten minutes
 * (`LIMITS.topSnapshotKept_ms`). Losing all of them loses nothing but those sessions.
 */
import type { TweetId } from '#domain/ids.ts';
import type { Window } from '#domain/limits.ts';

export interface TopSnapshot {
  /** Unguessable and never used twice, not even after a restart. */
  id: string;
  window: Window;
  /** Best first, at most 1,000. Not to be changed. */
  tweetIds: readonly TweetId[];
  /** It was made before everything that may stand in it had been read. */
  partial: boolean;
}

export interface TopSnapshots {
  /** Makes this the newest of its window. The same again changes nothing. */
  put(snapshot: TopSnapshot): Promise<void>;
  /** The newest of a window; undefined where there was never one. */
  newest(window: Window): Promise<TopSnapshot | undefined>;
  /** One by its id; undefined where it is gone. */
  get(id: string): Promise<TopSnapshot | undefined>;
}
