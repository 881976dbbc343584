/**
 * Brings a skeleton to life: at first what tweets and engagement know of the ids, then, by what came back, the
 * people and the comments' texts. Four calls a page in two round trips; a third only where previews were hidden.
 */
import { isWarbleError } from '#contract/errors.ts';
import { snowflakeTime, type UserId } from '#contract/ids.ts';
import { LIMITS } from '#contract/limits.ts';
import type { CommentRow, LikeRow, TweetRecord } from '#contract/records.ts';
import type { Engagement, Summary } from '#engagement/engagement.ts';
import { inBatches } from '#timeline/batches.ts';
import type { FeedItem } from '#timeline/timeline.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { Cast } from './cast.ts';
import type { Entry, Rule } from './feed.ts';

export interface HydrateRequest {
  entries: readonly Entry[];
  viewer: UserId | null;
  rule: Rule;
  /** Where the visible ones are put, until there are `limit`. */
  items: FeedItem[];
  limit: number;
  /** Asks for everybody, and is told who is named in the items. */
  cast: Cast;
}

export interface Hydrated {
  /** How many entries were decided: the rest was not needed. */
  used: number;
  /** Engagement is down: counts, previews and `viewer` are missing. */
  degraded: boolean;
  /** Social is down: what cannot be checked is left out, so nothing was put anywhere. */
  unchecked: boolean;
}

export type Hydrate = (request: HydrateRequest) => Promise<Hydrated>;

export interface HydrateDeps {
  tweets: Pick<Tweets, 'get'>;
  engagement: Pick<Engagement, 'summaries'>;
}

/** What the services said, in the order of the entries. */
interface Found {
  records: (TweetRecord | undefined)[];
  summaries: (Summary | undefined)[] | null;
}

/** The comments of the previews. */
interface Comments {
  byId: Map<number, TweetRecord>;
  /** Some are gone. */
  someGone: boolean;
}

export function createHydrate({ tweets, engagement }: HydrateDeps): Hydrate {
  async function addComments(ids: number[], comments: Comments): Promise<void> {
    if (ids.length === 0) return;
    const found = await inBatches(ids, LIMITS.batch, (batch) => tweets.get({ ids: batch }));
    comments.someGone ||= found.length < ids.length;
    for (const comment of found) comments.byId.set(comment.id, comment);
  }

  return async (request) => {
    const { entries, viewer, cast } = request;
    const ids = entries.map(({ tweetId }) => tweetId);
    const [records, summaries] = await Promise.all([
      tweets.get({ ids }),
      orNull(engagement.summaries({ viewer, tweetIds: ids })),
    ]);
    const found: Found = {
      records: aligned(ids, records, (record) => record.id),
      summaries: summaries && aligned(ids, summaries, (summary) => summary.tweetId),
    };
    const degraded = summaries === null;
    const comments: Comments = { byId: new Map(), someGone: false };
    const first = addComments(wantFirst(entries, found, cast), comments);
    const [checked] = await Promise.all([orNull(cast.fetch().then(() => true)), first]);
    if (checked === null) return { used: 0, degraded, unchecked: true };
    if (cast.someHidden() || comments.someGone) {
      const more = addComments(wantMore(found, comments, cast), comments);
      const [again] = await Promise.all([orNull(cast.fetch().then(() => true)), more]);
      if (again === null) return { used: 0, degraded, unchecked: true };
    }
    return { used: assemble(request, found, comments), degraded, unchecked: false };
  };
}

/**
 * Asks for everybody whom an item is likely to name: previews of which all are visible show the first three. Returns
 * the comments needed.
 */
function wantFirst(entries: readonly Entry[], { records, summaries }: Found, cast: Cast): number[] {
  const comments: number[] = [];
  for (let i = 0; i < entries.length; i++) {
    const record = records[i];
    if (record === undefined) continue;
    cast.want(record.author);
    const { repostedBy } = entries[i]!;
    for (let j = 0; j < repostedBy.length; j++) cast.want(repostedBy[j]!);
    const summary = summaries?.[i];
    if (summary === undefined) continue;
    for (let j = 0; j < summary.likes.length && j < LIMITS.previewShown; j++) {
      cast.want(summary.likes[j]!.userId);
    }
    for (let j = 0; j < summary.comments.length && j < LIMITS.previewShown; j++) {
      cast.want(summary.comments[j]!.userId);
      comments.push(summary.comments[j]!.id);
    }
  }
  return comments;
}

/** Asks for the further previews of those items of which the first three cannot all be shown. */
function wantMore({ records, summaries }: Found, comments: Comments, cast: Cast): number[] {
  const wanted: number[] = [];
  for (let i = 0; i < records.length; i++) {
    const summary = summaries?.[i];
    if (summary === undefined || records[i] === undefined) continue;
    const { likes, comments: rows } = summary;
    if (likes.length > LIMITS.previewShown && !firstShow(likes, (row) => shows(row, cast))) {
      for (let j = LIMITS.previewShown; j < likes.length; j++) cast.want(likes[j]!.userId);
    }
    if (rows.length > LIMITS.previewShown && !firstShow(rows, (row) => showsComment(row, comments, cast))) {
      for (let j = LIMITS.previewShown; j < rows.length; j++) {
        cast.want(rows[j]!.userId);
        wanted.push(rows[j]!.id);
      }
    }
  }
  return wanted;
}

function firstShow<Row>(rows: Row[], shown: (row: Row) => boolean): boolean {
  for (let j = 0; j < LIMITS.previewShown; j++) if (!shown(rows[j]!)) return false;
  return true;
}

/** What a protected account does is for those who may read it, just as what it writes. */
function shows(row: { userId: UserId }, cast: Cast): boolean {
  return cast.get(row.userId) !== undefined;
}

function showsComment(row: CommentRow, comments: Comments, cast: Cast): boolean {
  return comments.byId.has(row.id) && shows(row, cast);
}

/** Puts the visible entries into `items` until the page is full; returns how many entries it looked at. */
function assemble(request: HydrateRequest, { records, summaries }: Found, comments: Comments): number {
  const { entries, rule, items, limit, cast } = request;
  let used = 0;
  for (; used < entries.length && items.length < limit; used++) {
    const entry = entries[used]!;
    const tweet = records[used];
    if (tweet === undefined || tweet.kind !== 'tweet') continue;
    const author = cast.get(tweet.author);
    if (author === undefined || !rule(author)) continue;
    const repostedBy = visibleReposters(entry, cast);
    if (entry.byRepost && repostedBy.length === 0) continue;
    cast.name(tweet.author);
    for (let j = 0; j < repostedBy.length; j++) cast.name(repostedBy[j]!);
    const item = itemOf(tweet, summaries?.[used], comments, cast);
    if (repostedBy.length > 0) {
      item.repostedBy = repostedBy;
      item.repostTime = entry.repostTime;
    }
    items.push(item);
  }
  return used;
}

/** Muting somebody mutes their reposts; only homes have any. */
function visibleReposters({ repostedBy }: Entry, cast: Cast): UserId[] {
  if (repostedBy.length === 0) return [];
  return repostedBy.filter((userId) => cast.get(userId)?.muting === false);
}

function itemOf(tweet: TweetRecord, summary: Summary | undefined, comments: Comments, cast: Cast): FeedItem {
  return {
    tweet,
    likeCount: summary === undefined ? null : summary.likeCount,
    commentCount: summary === undefined ? null : summary.commentCount,
    repostCount: summary === undefined ? null : summary.repostCount,
    likes: summary === undefined ? [] : likesShown(summary.likes, cast),
    comments: summary === undefined ? [] : commentsShown(summary.comments, comments, cast),
    viewer: summary === undefined ? null : summary.viewer,
    repostedBy: [],
    repostTime: null,
  };
}

function likesShown(rows: LikeRow[], cast: Cast): FeedItem['likes'] {
  const shown: FeedItem['likes'] = [];
  for (let j = 0; j < rows.length && shown.length < LIMITS.previewShown; j++) {
    const { id, userId } = rows[j]!;
    if (!shows(rows[j]!, cast)) continue;
    cast.name(userId);
    shown.push({ userId, time: snowflakeTime(id) });
  }
  return shown;
}

function commentsShown(rows: CommentRow[], comments: Comments, cast: Cast): FeedItem['comments'] {
  const shown: FeedItem['comments'] = [];
  for (let j = 0; j < rows.length && shown.length < LIMITS.previewShown; j++) {
    const { id, userId } = rows[j]!;
    const comment = comments.byId.get(id);
    if (comment === undefined || !shows(rows[j]!, cast)) continue;
    cast.name(userId);
    shown.push({ commentId: id, userId, content: comment.content, time: comment.time });
  }
  return shown;
}

/**
 * Puts answers into the order of the ids asked for; undefined where one is missing. Services mostly answer in that
 * order, so one pass does; else a map.
 */
function aligned<T>(ids: number[], answers: T[], idOf: (answer: T) => number): (T | undefined)[] {
  const result: (T | undefined)[] = new Array(ids.length).fill(undefined);
  let next = 0;
  for (let i = 0; i < ids.length && next < answers.length; i++) {
    if (idOf(answers[next]!) === ids[i]) result[i] = answers[next++];
  }
  if (next === answers.length) return result;
  const byId = new Map(answers.map((answer) => [idOf(answer), answer]));
  return ids.map((id) => byId.get(id));
}

/** The answer, or null where the service is down or too busy. Everything else is a fault and goes on. */
async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isWarbleError(error) && error.status === 503) return null;
    throw error;
  }
}
