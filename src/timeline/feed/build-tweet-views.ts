/**
 * Makes cards for one reader: at first what tweets and engagement know of the ids, then, by what came back, the
 * people and the comments' texts. Four calls in two round trips; a third where previews were hidden, and a fourth where
 * all that engagement sent were, so that older ones are searched for.
 */
import { unlessDown } from '#domain/errors.ts';
import { snowflakeTime, type TweetId, type UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { CommentRow, LikeRow, PersonHead, TweetRecord } from '#domain/records.ts';
import type { Engagement, Summary } from '#engagement/engagement.ts';
import { inBatches } from '#platform/batches.ts';
import type { PersonShown } from '#social/social.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { FeedItem, TweetCard } from '../timeline.ts';
import type { Author } from './entry.ts';
import type { Cast } from './profile-loader.ts';
import { type Cards, mentionedIn } from './tweet-views.ts';

/** A card that one reader may be shown. */
export interface ReaderCard {
  card: TweetCard;
  viewer: FeedItem['viewer'];
  author: Author;
}

export interface MakeCardsDeps {
  tweets: Pick<Tweets, 'get'>;
  engagement: Pick<Engagement, 'summaries' | 'visiblePreviews'>;
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

type Row = LikeRow | CommentRow;

/** What one reader's cards show of likes and comments, in the order of the ids. */
type Previews = (Pick<Summary, 'likes' | 'comments'> | undefined)[];

interface Wanted {
  records: Found['records'];
  previews: Previews;
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

  /** Fetches whoever is wanted, and comments; false: social is down. */
  async function fetched(ids: number[], comments: Comments, cast: Cast): Promise<boolean> {
    const [checked] = await Promise.all([unlessDown(cast.fetch()), addComments(ids, comments)]);
    return checked !== null;
  }

  /** Previews with their people and comments; null: social is down. */
  async function previewsOf(
    { records, summaries }: Found,
    { viewer, comments, cast }: { viewer: UserId | null; comments: Comments; cast: Cast },
  ): Promise<Previews | null> {
    const previews: Previews = summaries ?? [];
    const found = { records, previews };
    if (!(await fetched(wantFirst(found, cast), comments, cast))) return null;
    if (!cast.someHidden() && !comments.someGone) return previews;
    if (!(await fetched(wantMore(found, comments, cast), comments, cast))) return null;
    const older = await olderPreviews(found, { viewer, comments, cast });
    if (older === null) return previews;
    return (await fetched(wantFirst({ records, previews: older }, cast), comments, cast)) ? older : null;
  }

  /** Previews in which hidden rows made room for older ones; null: there is no need, or engagement is down. */
  async function olderPreviews(
    { records, previews }: Wanted,
    { viewer, comments, cast }: { viewer: UserId | null; comments: Comments; cast: Cast },
  ): Promise<Previews | null> {
    const lacking = (rows: Row[] | undefined, shows: (row: Row) => boolean) =>
      rows?.length === LIMITS.previewFetched && rows.filter(shows).length < LIMITS.previewShown;
    const likesOf: TweetId[] = [];
    const commentsOf: TweetId[] = [];
    for (const [i, record] of records.entries()) {
      if (record === undefined || cast.get(record.author) === undefined) continue;
      if (lacking(previews[i]?.likes, (row) => shows(row, cast))) likesOf.push(record.id);
      if (lacking(previews[i]?.comments, (row) => showsComment(row, comments, cast))) {
        commentsOf.push(record.id);
      }
    }
    if (likesOf.length + commentsOf.length === 0) return null;
    const found = await unlessDown(engagement.visiblePreviews({ viewer, likesOf, commentsOf }));
    if (found === null) return null;
    const likes = Map.groupBy(found.likes, (row) => row.tweetId);
    const texts = Map.groupBy(found.comments, (row) => row.tweetId);
    return previews.map((preview, i) => {
      const tweetId = records[i]?.id;
      if (preview === undefined || tweetId === undefined) return preview;
      return {
        likes: likesOf.includes(tweetId) ? (likes.get(tweetId) ?? []) : preview.likes,
        comments: commentsOf.includes(tweetId) ? (texts.get(tweetId) ?? []) : preview.comments,
      };
    });
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
    const previews = await previewsOf(found, { viewer, comments, cast });
    if (previews === null) return { cards: null, degraded };
    const made = found.records.map((tweet, i) => {
      const author = tweet?.kind === 'tweet' ? cast.get(tweet.author) : undefined;
      if (tweet === undefined || author === undefined) return undefined;
      const summary = found.summaries?.[i];
      const card = cardOf({ tweet, author, summary, preview: previews[i], comments, cast });
      const plain = summary !== undefined && card.hiddenMentions.length === 0;
      if (plain && sameForAll(author, summary, comments, cast)) cards.keep(card, cast.asOf);
      return { card, viewer: summary?.viewer ?? null, author };
    });
    return { cards: made, degraded };
  };
}

/**
 * Asks for everybody whom a card is likely to name: previews of which all are visible show the first three. Returns
 * the comments needed.
 */
function wantFirst({ records, previews }: Wanted, cast: Cast): number[] {
  const wanted: number[] = [];
  for (let i = 0; i < records.length; i++) {
    const record = records[i];
    if (record === undefined) continue;
    cast.want(record.author);
    for (const userId of mentionedIn(record)) cast.want(userId);
    const preview = previews[i];
    if (preview === undefined) continue;
    for (const { userId } of first(preview.likes)) cast.want(userId);
    for (const { userId, id } of first(preview.comments)) {
      cast.want(userId);
      wanted.push(id);
    }
  }
  return wanted;
}

/** Asks for the further previews of those tweets of which the first three cannot all be shown. */
function wantMore({ records, previews }: Wanted, comments: Comments, cast: Cast): number[] {
  const wanted: number[] = [];
  for (let i = 0; i < records.length; i++) {
    const preview = previews[i];
    if (preview === undefined || records[i] === undefined) continue;
    const { likes, comments: rows } = preview;
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
  preview: Previews[number];
  comments: Comments;
  cast: Cast;
}

function cardOf({ tweet, author, summary, preview, comments, cast }: CardParts): TweetCard {
  const people = [author.head];
  return {
    tweet,
    likeCount: summary === undefined ? null : summary.likeCount,
    commentCount: summary === undefined ? null : summary.commentCount,
    repostCount: summary === undefined ? null : summary.repostCount,
    likes: likesShown(preview?.likes ?? [], cast, people),
    comments: commentsShown(preview?.comments ?? [], { comments, cast, people }),
    people,
    hiddenMentions: mentionedIn(tweet).filter((userId) => !cast.sees(userId)),
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
