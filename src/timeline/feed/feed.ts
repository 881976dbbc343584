/**
 * Every list of tweets is made the same way: a source yields a skeleton (ids), hydration adds what the services know of
 * them in one batched call each, a rule leaves out what this reader may not see, and this goes on until the page is
 * full or the source has ended.
 */
import type { UserId } from '#domain/ids.ts';
import { fillPage } from '#platform/fill-page.ts';
import type { FeedItem, FeedPage } from '#timeline/timeline.ts';
import type { Entry, Rule } from './entry.ts';
import type { Hydrate } from './hydrate.ts';
import type { ProfileLoader } from './profile-loader.ts';
import type { KeepTweetView } from './tweet-view-cache.ts';

export interface Candidates<E extends Entry> {
  entries: E[];
  /** There is nothing below these entries. */
  ended: boolean;
  /** Something could not be read and is missing. */
  partial: boolean;
}

export interface Source<E extends Entry, Position> {
  /** The next entries, at most `count`; fewer, even none, where some were filtered out. */
  next(count: number): Promise<Candidates<E>>;
  /** Where the next page begins after everything through `entry` was shown. */
  positionAfter(entry: E): Position | null;
  /** Where the next page begins after everything returned so far was passed over. */
  position(): Position | null;
}

export interface PageRequest<E extends Entry, Position> {
  source: Source<E, Position>;
  limit: number;
  viewer: UserId | null;
  rule: Rule;
  /** A new loader for this viewer. */
  profiles: ProfileLoader;
  /** From a cache fill that began before the page did, as later rounds build views of users loaded in the first. */
  keep: KeepTweetView;
}

/**
 * Entries hydrated together. With the reads of `fillPage`, a page can pass over a whole home timeline of hidden tweets.
 */
const MAX_ENTRIES = 100;

/** Fills one page of tweets. */
export async function fillFeed<E extends Entry, Position>(
  hydrate: Hydrate,
  { source, limit, viewer, rule, profiles, keep }: PageRequest<E, Position>,
): Promise<FeedPage<Position>> {
  let degraded = false;
  let partial = false;
  const filled = await fillPage<E, FeedItem>({
    limit,
    maxRows: MAX_ENTRIES,
    async read(count) {
      const { entries, ended, partial: incomplete } = await source.next(count);
      partial ||= incomplete;
      return { rows: entries, ended };
    },
    async visible(entries, room) {
      const result = await hydrate({ entries, viewer, rule, limit: room, profiles, keep });
      degraded ||= result.degraded;
      partial ||= result.unchecked;
      return result.unchecked ? null : result;
    },
  });
  return { items: filled.items, next: next(), degraded: degraded ? ['engagement'] : [], partial };

  function next(): Position | null {
    if (filled.end === 'full') return source.positionAfter(filled.last!);
    return filled.end === 'gaveUp' ? source.position() : null;
  }
}
