/**
 * Makes cards for one reader: at first what tweets and engagement know of the ids, then, by what came back, the
 * people and the comments' texts. Four calls in two round trips; a third only where previews were hidden.
 */
import { unlessDown } from '#contract/errors.ts';
import { snowflakeTime, type TweetId, type UserId } from '#contract/ids.ts';
import { LIMITS } from '#contract/limits.ts';
import type { CommentRow, LikeRow, PersonHead, TweetRecord } from '#contract/records.ts';
import type { Engagement, Summary } from '#engagement/engagement.ts';
import { inBatches } from '#platform/batches.ts';
import type { PersonShown } from '#social/social.ts';
import type { FeedItem, TweetCard } from '#timeline/timeline.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { Cards } from './cards.ts';
import type { Cast } from './cast.ts';
import type { Author } from './entry.ts';

/** A card that one reader may be shown. */
export interface ReaderCard {
  card: TweetCard;
  viewer: FeedItem['viewer'];
  author: Author;
}

export interface MakeCardsDeps {
  tweets: Pick<Tweets, 'get'>;
  engagement: Pick<Engagement, 'summaries'>;
  cards: Pick<Cards, 'keep'>;
}

export interface MadeCards {
  /** In the order asked for; undefined: gone, or hidden from this reader. null: social is down, nothing can be shown. */
  cards: (ReaderCard | undefined)[] | null;
  /** Engagement is down. */
  degraded: boolean;
}

export type MakeCards = (request: {
  tweetIds: readonly TweetId[];
  viewer: UserId | null;
  /** Fetches also whoever was wanted before. */
  cast: Cast;
}) => Promise<MadeCards>;

/** What the services said, in the order of the ids. */
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

export function createMakeCards({ tweets, engagement, cards }: MakeCardsDeps): MakeCards {
  async function addComments(ids: number[], comments: Comments): Promise<void> {
    if (ids.length === 0) return;
    const found = await inBatches(ids, LIMITS.batch, (batch) => tweets.get({ ids: batch }));
    comments.someGone ||= found.length < ids.length;
    for (const comment of found) comments.byId.set(comment.id, comment);
  }

  /** People and comments of the previews; false: social is down. */
  async function addPreviews(found: Found, comments: Comments, cast: Cast): Promise<boolean> {
    const first = addComments(wantFirst(found, cast), comments);
    const [checked] = await Promise.all([unlessDown(cast.fetch()), first]);
    if (checked === null) return false;
    if (!cast.someHidden() && !comments.someGone) return true;
    const more = addComments(wantMore(found, comments, cast), comments);
    const [again] = await Promise.all([unlessDown(cast.fetch()), more]);
    return again !== null;
  }

  return async ({ tweetIds, viewer, cast }) => {
    const ids = [...tweetIds];
    const [records, summaries] = await Promise.all([
      tweets.get({ ids }),
      unlessDown(engagement.summaries({ viewer, tweetIds: ids })),
    ]);
    const found: Found = {
      records: aligned(ids, records, (record) => record.id),
      summaries: summaries && aligned(ids, summaries, (summary) => summary.tweetId),
    };
    const degraded = summaries === null;
    const comments: Comments = { byId: new Map(), someGone: false };
    if (!(await addPreviews(found, comments, cast))) return { cards: null, degraded };
    const made = found.records.map((tweet, i) => {
      const author = tweet?.kind === 'tweet' ? cast.get(tweet.author) : undefined;
      if (tweet === undefined || author === undefined) return undefined;
      const summary = found.summaries?.[i];
      const card = cardOf({ tweet, author, summary, comments, cast });
      if (summary !== undefined && sameForAll(author, summary, comments, cast)) cards.keep(card, cast.asOf);
      return { card, viewer: summary?.viewer ?? null, author };
    });
    return { cards: made, degraded };
  };
}

/**
 * Asks for everybody whom a card is likely to name: previews of which all are visible show the first three. Returns
 * the comments needed.
 */
function wantFirst({ records, summaries }: Found, cast: Cast): number[] {
  const wanted: number[] = [];
  for (let i = 0; i < records.length; i++) {
    const record = records[i];
    if (record === undefined) continue;
    cast.want(record.author);
    const summary = summaries?.[i];
    if (summary === undefined) continue;
    for (const { userId } of first(summary.likes)) cast.want(userId);
    for (const { userId, id } of first(summary.comments)) {
      cast.want(userId);
      wanted.push(id);
    }
  }
  return wanted;
}

/** Asks for the further previews of those tweets of which the first three cannot all be shown. */
function wantMore({ records, summaries }: Found, comments: Comments, cast: Cast): number[] {
  const wanted: number[] = [];
  for (let i = 0; i < records.length; i++) {
    const summary = summaries?.[i];
    if (summary === undefined || records[i] === undefined) continue;
    const { likes, comments: rows } = summary;
    if (!first(likes).every((row) => shows(row, cast))) for (const { userId } of likes) cast.want(userId);
    if (first(rows).every((row) => showsComment(row, comments, cast))) continue;
    for (const { userId, id } of rows.slice(LIMITS.previewShown)) {
      cast.want(userId);
      wanted.push(id);
    }
  }
  return wanted;
}

function first<Row>(rows: Row[]): Row[] {
  return rows.length <= LIMITS.previewShown ? rows : rows.slice(0, LIMITS.previewShown);
}

/** What a protected account does is for those who may read it, just as what it writes. */
function shows(row: { userId: UserId }, cast: Cast): boolean {
  return cast.get(row.userId) !== undefined;
}

function showsComment(row: CommentRow, comments: Comments, cast: Cast): boolean {
  return comments.byId.has(row.id) && shows(row, cast);
}

/** Whether every reader who is apart from nobody on the card is shown this very one. */
function sameForAll(author: PersonShown, { likes, comments: rows }: Summary, comments: Comments, cast: Cast) {
  const open = ({ userId }: { userId: UserId }) => cast.get(userId)?.protected === false;
  return (
    !author.protected &&
    first(likes).every(open) &&
    first(rows).every((row) => open(row) && comments.byId.has(row.id))
  );
}

interface CardParts {
  tweet: TweetRecord;
  author: PersonShown;
  summary: Summary | undefined;
  comments: Comments;
  cast: Cast;
}

function cardOf({ tweet, author, summary, comments, cast }: CardParts): TweetCard {
  const people = [author.head];
  return {
    tweet,
    likeCount: summary === undefined ? null : summary.likeCount,
    commentCount: summary === undefined ? null : summary.commentCount,
    repostCount: summary === undefined ? null : summary.repostCount,
    likes: summary === undefined ? [] : likesShown(summary.likes, cast, people),
    comments: summary === undefined ? [] : commentsShown(summary.comments, { comments, cast, people }),
    people,
  };
}

function likesShown(rows: LikeRow[], cast: Cast, people: PersonHead[]): TweetCard['likes'] {
  const shown: { userId: UserId; time: number }[] = [];
  for (let j = 0; j < rows.length && shown.length < LIMITS.previewShown; j++) {
    const { id, userId } = rows[j]!;
    const person = cast.get(userId);
    if (person === undefined) continue;
    name(person.head, people);
    shown.push({ userId, time: snowflakeTime(id) });
  }
  return shown;
}

function commentsShown(
  rows: CommentRow[],
  { comments, cast, people }: { comments: Comments; cast: Cast; people: PersonHead[] },
): TweetCard['comments'] {
  const shown: TweetCard['comments'][number][] = [];
  for (let j = 0; j < rows.length && shown.length < LIMITS.previewShown; j++) {
    const { id, userId } = rows[j]!;
    const comment = comments.byId.get(id);
    const person = cast.get(userId);
    if (comment === undefined || person === undefined) continue;
    name(person.head, people);
    shown.push({ commentId: id, userId, content: comment.content, time: comment.time });
  }
  return shown;
}

/** A card names seven people at most. */
function name(head: PersonHead, people: PersonHead[]): void {
  if (!people.some(({ userId }) => userId === head.userId)) people.push(head);
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
