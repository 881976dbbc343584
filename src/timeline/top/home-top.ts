/** The best tweets of a reader's followees, as a skeleton: ids, best first, as many as asked for. */
import { firstSnowflakeAt, type TweetId, type UserId } from '#domain/ids.ts';
import { WINDOW_MS, type Window } from '#domain/limits.ts';
import type { Clock } from '#platform/clock.ts';
import type { FolloweeSets } from '../home/followee-set.ts';
import type { AuthorTops } from './author-tops.ts';
import { createTopMerge } from './merge-tops.ts';

export interface HomeTopRequest {
  reader: UserId;
  window: Window;
  /** With the reader's own tweets. */
  own: boolean;
}

export interface HomeTopIterator {
  /** The view was incomplete when it began, so tweets may be missing. */
  partial: boolean;
  /** The next best tweets, at most `count`; fewer only at the end. */
  take(count: number): Promise<TweetId[]>;
}

export interface HomeTopDeps {
  followeeSets: FolloweeSets;
  authorTops: AuthorTops;
  clock: Pick<Clock, 'now'>;
  /** Whether the view behind the lists is complete. */
  isWhole: () => boolean;
}

export type OpenHomeTop = (request: HomeTopRequest) => Promise<HomeTopIterator>;

/** Without reposts and without muted followees; with protected followees. */
export function createHomeTop({ followeeSets, authorTops, clock, isWhole }: HomeTopDeps): OpenHomeTop {
  return async ({ reader, window, own }) => {
    const { allowed } = await followeeSets.of(reader);
    const authors: UserId[] = own ? [reader, ...allowed] : allowed;
    const windowStart = window === 'all' ? 0 : firstSnowflakeAt(clock.now() - WINDOW_MS[window]);
    const merge = createTopMerge(await authorTops.best({ authors, window, windowStart }), windowStart);
    return {
      partial: !isWhole(),
      async take(count) {
        const taken: TweetId[] = [];
        for (;;) {
          const { tweetIds, exhausted } = merge.take(count - taken.length);
          taken.push(...tweetIds);
          if (taken.length === count || exhausted === null) return taken;
          merge.extend(await authorTops.below({ ...exhausted, windowStart }));
        }
      },
    };
  };
}
