/**
 * Brings a skeleton to life: at first what tweets and engagement know of the ids, then, by what came back, the
 * people and the comments' texts. Four calls a page in two round trips; a third only where previews were hidden.
 */
import { isWarbleError } from '#contract/errors.ts';
import { snowflakeTime, type UserId } from '#contract/ids.ts';
import { LIMITS } from '#contract/limits.ts';
import {
  type CommentRow,
  type LikeRow,
  mayShowActor,
  type PersonHead,
  type PersonView,
  type TweetRecord,
} from '#contract/records.ts';
import type { Engagement, Summary } from '#engagement/engagement.ts';
import type { Social } from '#social/social.ts';
import { inBatches } from '#timeline/batches.ts';
import type { FeedItem } from '#timeline/timeline.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { Entry, Rule } from './feed.ts';

export interface HydrateRequest {
  entries: readonly Entry[];
  viewer: UserId | null;
  rule: Rule;
  /** Where the visible ones are put, until there are `limit`. */
  items: FeedItem[];
  limit: number;
  /** Where everybody named in the items is put. */
  people: Map<UserId, PersonHead>;
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
  social: Pick<Social, 'view'>;
  engagement: Pick<Engagement, 'summaries'>;
}

/** What is known while a page is put together. */
interface Known {
  views: Map<UserId, PersonView | null>;
  comments: Map<number, TweetRecord>;
  /** Somebody or some comment is hidden or gone: else the first previews of every item are the ones to show. */
  someHidden: boolean;
}

export function createHydrate({ tweets, social, engagement }: HydrateDeps): Hydrate {
  /** Adds views of those people who are keys without one. Someone who never was stays null. */
  async function addViews(viewer: UserId | null, wanted: UserId[], known: Known): Promise<void> {
    const found = await inBatches(wanted, LIMITS.batch, (userIds) => social.view({ viewer, userIds }));
    known.someHidden ||= found.length < wanted.length;
    for (const view of found) {
      known.views.set(view.userId, view);
      known.someHidden ||= !mayShowActor(view, viewer);
    }
  }
  async function addComments(ids: number[], known: Known): Promise<void> {
    if (ids.length === 0) return;
    const found = await inBatches(ids, LIMITS.batch, (batch) => tweets.get({ ids: batch }));
    known.someHidden ||= found.length < ids.length;
    for (const comment of found) known.comments.set(comment.id, comment);
  }

  return async (request) => {
    const { entries, viewer } = request;
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
    const known: Known = { views: new Map(), comments: new Map(), someHidden: false };
    const first = firstNeeds(entries, found, known);
    const [checked] = await Promise.all([
      orNull(addViews(viewer, first.people, known).then(() => true)),
      addComments(first.comments, known),
    ]);
    if (checked === null) return { used: 0, degraded, unchecked: true };
    const more = moreNeeds(found, known, viewer);
    if (more.people.length + more.comments.length > 0) {
      const [again] = await Promise.all([
        orNull(addViews(viewer, more.people, known).then(() => true)),
        addComments(more.comments, known),
      ]);
      if (again === null) return { used: 0, degraded, unchecked: true };
    }
    return { used: assemble(request, found, known), degraded, unchecked: false };
  };
}

/** What the services said, in the order of the entries. */
interface Found {
  records: (TweetRecord | undefined)[];
  summaries: (Summary | undefined)[] | null;
}

interface Needs {
  people: UserId[];
  comments: number[];
}

/** Everybody whom an item is likely to name: previews of which all are visible show the first three. */
function firstNeeds(entries: readonly Entry[], { records, summaries }: Found, { views }: Known): Needs {
  const comments: number[] = [];
  for (let i = 0; i < entries.length; i++) {
    const record = records[i];
    if (record === undefined) continue;
    views.set(record.author, null);
    for (const reposter of entries[i]!.repostedBy) views.set(reposter, null);
    const summary = summaries?.[i];
    if (summary === undefined) continue;
    for (let j = 0; j < summary.likes.length && j < LIMITS.previewShown; j++) {
      views.set(summary.likes[j]!.userId, null);
    }
    for (let j = 0; j < summary.comments.length && j < LIMITS.previewShown; j++) {
      views.set(summary.comments[j]!.userId, null);
      comments.push(summary.comments[j]!.id);
    }
  }
  return { people: [...views.keys()], comments };
}

/** The further previews of those items of which the first three cannot all be shown. */
function moreNeeds({ records, summaries }: Found, known: Known, viewer: UserId | null): Needs {
  const needs: Needs = { people: [], comments: [] };
  if (summaries === null || !known.someHidden) return needs;
  const want = (userId: UserId) => {
    if (known.views.has(userId)) return;
    known.views.set(userId, null);
    needs.people.push(userId);
  };
  for (let i = 0; i < summaries.length; i++) {
    const summary = summaries[i];
    if (summary === undefined || records[i] === undefined) continue;
    const { likes, comments } = summary;
    if (likes.length > LIMITS.previewShown && !firstShow(likes, (row) => shows(known, row.userId, viewer))) {
      for (let j = LIMITS.previewShown; j < likes.length; j++) want(likes[j]!.userId);
    }
    if (
      comments.length > LIMITS.previewShown &&
      !firstShow(comments, (row) => showsComment(known, row, viewer))
    ) {
      for (let j = LIMITS.previewShown; j < comments.length; j++) {
        want(comments[j]!.userId);
        needs.comments.push(comments[j]!.id);
      }
    }
  }
  return needs;
}

function firstShow<Row>(rows: Row[], shown: (row: Row) => boolean): boolean {
  for (let j = 0; j < LIMITS.previewShown; j++) if (!shown(rows[j]!)) return false;
  return true;
}

function shows({ views }: Known, userId: UserId, viewer: UserId | null): boolean {
  const view = views.get(userId);
  return view != null && mayShowActor(view, viewer);
}

function showsComment(known: Known, row: CommentRow, viewer: UserId | null): boolean {
  return known.comments.has(row.id) && shows(known, row.userId, viewer);
}

/** Puts the visible entries into `items` until the page is full; returns how many entries it looked at. */
function assemble(request: HydrateRequest, { records, summaries }: Found, known: Known): number {
  const { entries, viewer, rule, items, limit, people } = request;
  let used = 0;
  for (; used < entries.length && items.length < limit; used++) {
    const entry = entries[used]!;
    const tweet = records[used];
    if (tweet === undefined || tweet.kind !== 'tweet') continue;
    const author = known.views.get(tweet.author);
    if (author == null || !rule(author, viewer)) continue;
    const repostedBy = visibleReposters(entry, known, viewer);
    if (entry.byRepost && repostedBy.length === 0) continue;
    const item = itemOf(tweet, summaries?.[used], known, viewer);
    if (repostedBy.length > 0) {
      item.repostedBy = repostedBy;
      item.repostTime = entry.repostTime;
    }
    items.push(item);
    name(item, known, people);
  }
  return used;
}

/** Muting somebody mutes their reposts; only homes have any. */
function visibleReposters(entry: Entry, { views }: Known, viewer: UserId | null): UserId[] {
  if (entry.repostedBy.length === 0) return [];
  return entry.repostedBy.filter((userId) => {
    const view = views.get(userId);
    return view != null && mayShowActor(view, viewer) && !view.muting;
  });
}

function itemOf(
  tweet: TweetRecord,
  summary: Summary | undefined,
  known: Known,
  viewer: UserId | null,
): FeedItem {
  return {
    tweet,
    likeCount: summary === undefined ? null : summary.likeCount,
    commentCount: summary === undefined ? null : summary.commentCount,
    repostCount: summary === undefined ? null : summary.repostCount,
    likes: summary === undefined ? [] : likesShown(summary.likes, known, viewer),
    comments: summary === undefined ? [] : commentsShown(summary.comments, known, viewer),
    viewer: summary === undefined ? null : summary.viewer,
    repostedBy: [],
    repostTime: null,
  };
}

function likesShown(rows: LikeRow[], known: Known, viewer: UserId | null): FeedItem['likes'] {
  const shown: FeedItem['likes'] = [];
  for (let j = 0; j < rows.length && shown.length < LIMITS.previewShown; j++) {
    const { id, userId } = rows[j]!;
    if (shows(known, userId, viewer)) shown.push({ userId, time: snowflakeTime(id) });
  }
  return shown;
}

function commentsShown(rows: CommentRow[], known: Known, viewer: UserId | null): FeedItem['comments'] {
  const shown: FeedItem['comments'] = [];
  for (let j = 0; j < rows.length && shown.length < LIMITS.previewShown; j++) {
    const { id, userId } = rows[j]!;
    const comment = known.comments.get(id);
    if (comment === undefined || !shows(known, userId, viewer)) continue;
    shown.push({ commentId: id, userId, content: comment.content, time: comment.time });
  }
  return shown;
}

/** Adds everybody whom an item names; their heads only: how the viewer stands to them is nobody else's. */
function name(item: FeedItem, { views }: Known, people: Map<UserId, PersonHead>): void {
  const add = (id: UserId) => {
    if (people.has(id)) return;
    const { userId, handle, name, picture } = views.get(id)!;
    people.set(id, { userId, handle, name, picture });
  };
  add(item.tweet.author);
  for (let j = 0; j < item.repostedBy.length; j++) add(item.repostedBy[j]!);
  for (let j = 0; j < item.likes.length; j++) add(item.likes[j]!.userId);
  for (let j = 0; j < item.comments.length; j++) add(item.comments[j]!.userId);
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
