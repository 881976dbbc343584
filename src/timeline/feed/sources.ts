/** The sources of skeletons: a home, a user's own tweets, a top list. */
import type { Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { Homes } from '#timeline/home/homes.ts';
import type { HomePosition, TopPosition } from '#timeline/timeline.ts';
import type { HomeTopIterator } from '#timeline/top/home-top.ts';
import type { TopSnapshot } from '#timeline/top/top-snapshots.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { Entry } from './entry.ts';
import type { Source } from './feed.ts';

const NOBODY: readonly UserId[] = [];

interface HomeEntry extends Entry {
  /** Magnitude of its activity: the next page begins below it. */
  at: Snowflake;
}

export function homeSource(
  homes: Pick<Homes, 'candidates'>,
  request: { reader: UserId; own: boolean; position: HomePosition | null },
): Source<HomeEntry, HomePosition> {
  const { reader, own } = request;
  let { position } = request;
  let session = { top: 0, began: 0 };
  return {
    async next(limit) {
      const { entries, top, began, next, partial } = await homes.candidates({ reader, own, position, limit });
      session = { top, began };
      position = next === null ? null : { ...session, below: next };
      return { entries: entries.map(fromHome), ended: next === null, partial };
    },
    positionAfter: ({ at }) => ({ ...session, below: at }),
    position: () => position,
  };
}

function fromHome(entry: {
  activity: number;
  tweetId: TweetId;
  repostedBy: UserId[];
  repostTime: number | null;
}): HomeEntry {
  const { activity, tweetId, repostedBy, repostTime } = entry;
  return { tweetId, repostedBy, repostTime, byRepost: activity < 0, at: Math.abs(activity) };
}

function posting(tweetId: TweetId): Entry {
  return { tweetId, repostedBy: NOBODY, repostTime: null, byRepost: false };
}

export function authorSource(
  tweets: Pick<Tweets, 'byAuthor'>,
  request: { author: UserId; before: TweetId | null },
): Source<Entry, TweetId> {
  const { author } = request;
  let { before } = request;
  return {
    async next(count) {
      // One more than is used shows whether the list goes on.
      const { ids } = await tweets.byAuthor({ author, before, limit: count + 1 });
      const entries = ids.slice(0, count).map(posting);
      before = entries.at(-1)?.tweetId ?? before;
      return { entries, ended: ids.length <= count, partial: false };
    },
    positionAfter: ({ tweetId }) => tweetId,
    position: () => before,
  };
}

interface TopEntry extends Entry {
  index: number;
}

export function topSource(
  { id, tweetIds, partial }: TopSnapshot,
  start: number,
): Source<TopEntry, TopPosition> {
  let index = start;
  const at = (next: number): TopPosition => ({ snapshot: id, index: next });
  return {
    async next(count) {
      const from = index;
      index = Math.min(tweetIds.length, from + count);
      const entries = tweetIds
        .slice(from, index)
        .map((tweetId, offset) => ({ ...posting(tweetId), index: from + offset }));
      return { entries, ended: index >= tweetIds.length, partial };
    },
    positionAfter: (entry) => at(entry.index + 1),
    position: () => at(index),
  };
}

/** A home's top list has no further pages. */
export function homeTopSource(iterator: HomeTopIterator): Source<Entry, never> {
  return {
    async next(count) {
      const tweetIds = await iterator.take(count);
      return { entries: tweetIds.map(posting), ended: tweetIds.length < count, partial: iterator.partial };
    },
    positionAfter: () => null,
    position: () => null,
  };
}
