/** The best tweets of those whom a reader follows, as a skeleton: ids, best first, as many as asked for. */
import { firstSnowflakeAt, type TweetId, type UserId } from '#domain/ids.ts';
import { WINDOW_MS, type Window } from '#domain/limits.ts';
import type { Clock } from '#platform/clock.ts';
import type { FolloweeSets } from '../home/followee-set.ts';
import type { AuthorTops } from './author-tops.ts';
import { createTopMerge } from './merge-tops.ts';

export interface HomeTopRequest {
  reader: UserId;
  window: Window;
  /** With one's own tweets. */
  own: boolean;
}

export interface HomeTopIterator {
  /** It was begun before everything that may stand in it had been read. */
  partial: boolean;
  /** The next best, at most `count`; fewer only at the end. */
  take(count: number): Promise<TweetId[]>;
}

export interface HomeTopDeps {
  followeeSets: FolloweeSets;
  authorTops: AuthorTops;
  clock: Pick<Clock, 'now'>;
  /** Whether the view behind the lists holds all that it should. */
  isWhole: () => boolean;
}

export type OpenHomeTop = (request: HomeTopRequest) => Promise<HomeTopIterator>;

/** Reposts do not count, muted users are out; followed users are in though protected. */
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
