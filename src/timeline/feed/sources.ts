/** Where the skeletons come from: a home, a user's own tweets, a top list. */
import type { Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { Homes } from '#timeline/home/homes.ts';
import type { HomePlace, TopPlace } from '#timeline/timeline.ts';
import type { HomeTopIterator } from '#timeline/top/home-top.ts';
import type { TopSnapshot } from '#timeline/top/top-snapshots.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { Entry } from './entry.ts';
import type { Source } from './feed.ts';

const NOBODY: readonly UserId[] = [];

interface HomeEntry extends Entry {
  /** Its activity's magnitude: the next page begins below it. */
  at: Snowflake;
}

export function homeSource(
  homes: Pick<Homes, 'candidates'>,
  request: { reader: UserId; own: boolean; place: HomePlace | null },
): Source<HomeEntry, HomePlace> {
  const { reader, own } = request;
  let { place } = request;
  let session = { top: 0, began: 0 };
  return {
    async next(limit) {
      const { entries, top, began, next, partial } = await homes.candidates({ reader, own, place, limit });
      session = { top, began };
      place = next === null ? null : { ...session, below: next };
      return { entries: entries.map(fromHome), ended: next === null, partial };
    },
    placeAfter: ({ at }) => ({ ...session, below: at }),
    place: () => place,
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
      // One more than is used tells whether the list goes on.
      const { ids } = await tweets.byAuthor({ author, before, limit: count + 1 });
      const entries = ids.slice(0, count).map(posting);
      before = entries.at(-1)?.tweetId ?? before;
      return { entries, ended: ids.length <= count, partial: false };
    },
    placeAfter: ({ tweetId }) => tweetId,
    place: () => before,
  };
}

interface TopEntry extends Entry {
  index: number;
}

export function topSource({ id, tweetIds, partial }: TopSnapshot, start: number): Source<TopEntry, TopPlace> {
  let index = start;
  const at = (next: number): TopPlace => ({ snapshot: id, index: next });
  return {
    async next(count) {
      const from = index;
      index = Math.min(tweetIds.length, from + count);
      const entries = tweetIds
        .slice(from, index)
        .map((tweetId, offset) => ({ ...posting(tweetId), index: from + offset }));
      return { entries, ended: index >= tweetIds.length, partial };
    },
    placeAfter: (entry) => at(entry.index + 1),
    place: () => at(index),
  };
}

/** A home's top list has no further pages. */
export function homeTopSource(iterator: HomeTopIterator): Source<Entry, never> {
  return {
    async next(count) {
      const tweetIds = await iterator.take(count);
      return { entries: tweetIds.map(posting), ended: tweetIds.length < count, partial: iterator.partial };
    },
    placeAfter: () => null,
    place: () => null,
  };
}
