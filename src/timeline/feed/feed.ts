/**
 * Every list of tweets is made the same way: a source gives a skeleton (ids), hydration brings in what the services
 * know of them in one batched call each, a rule leaves out what this reader may not see, and the page is filled
 * until it is full or the source has ended.
 */
import type { UserId } from '#domain/ids.ts';
import type { FeedItem, FeedPage } from '#timeline/timeline.ts';
import type { Entry, Rule } from './entry.ts';
import type { Hydrate } from './hydrate.ts';
import type { ProfileLoader } from './profile-loader.ts';

export interface Candidates<E extends Entry> {
  entries: E[];
  /** There is nothing below these. */
  ended: boolean;
  /** Something could not be read and is missing. */
  partial: boolean;
}

export interface Source<E extends Entry, Place> {
  /** The next entries, at most `count`; fewer, even none, where some fell out. */
  next(count: number): Promise<Candidates<E>>;
  /** Where a walk goes on that has shown everything through `entry`. */
  placeAfter(entry: E): Place | null;
  /** Where a walk goes on that has passed over everything given out so far, although no entry was in it. */
  place(): Place | null;
}

export interface PageRequest<E extends Entry, Place> {
  source: Source<E, Place>;
  limit: number;
  viewer: UserId | null;
  rule: Rule;
  /** A fresh one, for this viewer. */
  profiles: ProfileLoader;
}

/**
 * Rounds in which a page looks for candidates that its reader may see. Each asks for more than the one before, up
 * to {@link MOST_CANDIDATES}: a page passes over some 800 hidden tweets, a whole home timeline, before it gives up for now
 * and leaves the rest to the next page.
 */
const MOST_ROUNDS = 12;
const MOST_CANDIDATES = 100;
const SECOND_ROUND = 20;

/** Fills one page. What is passed over is passed over for good: the next page begins below it. */
export async function fillPage<E extends Entry, Place>(
  hydrate: Hydrate,
  { source, limit, viewer, rule, profiles }: PageRequest<E, Place>,
): Promise<FeedPage<Place>> {
  const items: FeedItem[] = [];
  let degraded = false;
  let partial = false;
  let count = limit;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const { entries, ended, partial: incomplete } = await source.next(count);
    partial ||= incomplete;
    let used = 0;
    if (entries.length > 0) {
      const result = await hydrate({ entries, viewer, rule, items, limit, profiles });
      degraded ||= result.degraded;
      if (result.unchecked) {
        partial = true;
        return page(null);
      }
      used = result.used;
    }
    if (ended && used === entries.length) return page(null);
    if (items.length === limit) return page(source.placeAfter(entries[used - 1]!));
    count = Math.min(MOST_CANDIDATES, Math.max(SECOND_ROUND, count * 4));
  }
  return page(source.place());

  function page(next: Place | null): FeedPage<Place> {
    return { items, next, degraded: degraded ? ['engagement'] : [], partial };
  }
}
