/**
 * Builds tweet views for one reader: first asks tweets and engagement for what they know of the ids, then loads the
 * users and the comments' texts that came up. That makes four calls in two round trips; a third where previews were
 * hidden, and a fourth where all that engagement sent were hidden, so that older ones are searched for.
 */
import { unlessDown } from '#domain/errors.ts';
import { snowflakeTime, type TweetId, type UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { CommentRow, LikeRow, ProfileBasic, TweetRecord } from '#domain/records.ts';
import type { Engagement, Summary } from '#engagement/engagement.ts';
import { inBatches } from '#platform/batches.ts';
import type { VisibleProfile } from '#social/social.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { FeedItem, TweetView } from '../timeline.ts';
import type { Author } from './entry.ts';
import type { ProfileLoader } from './profile-loader.ts';
import { type KeepTweetView, mentionedIn } from './tweet-view-cache.ts';

/** A tweet view that the reader may be shown. */
export interface ReaderTweetView {
  tweetView: TweetView;
  viewer: FeedItem['viewer'];
  author: Author;
}

export interface BuildTweetViewsDeps {
  tweets: Pick<Tweets, 'get'>;
  engagement: Pick<Engagement, 'summaries' | 'visiblePreviews'>;
}

export interface BuiltTweetViews {
  /** In the order asked for; undefined: deleted, or hidden from this reader. null: social is down. */
  tweetViews: (ReaderTweetView | undefined)[] | null;
  /** Engagement is down. */
  degraded: boolean;
}

export type BuildTweetViews = (request: {
  tweetIds: readonly TweetId[];
  viewer: UserId | null;
  /** Users wanted earlier are loaded with the others. */
  profiles: ProfileLoader;
  /** From a cache fill that began before anything was read that the views are made of, also by `profiles`. */
  keep: KeepTweetView;
}) => Promise<BuiltTweetViews>;

/** What the services answered, in the order of the ids. */
interface Found {
  records: (TweetRecord | undefined)[];
  summaries: (Summary | undefined)[] | null;
}

/** Likes and comments to preview for the reader, in the order of the ids. */
type Previews = (Pick<Summary, 'likes' | 'comments'> | undefined)[];

interface Wanted {
  records: Found['records'];
  previews: Previews;
}

/** The texts of comments in previews. */
interface Comments {
  byId: Map<number, TweetRecord>;
  /** Some were deleted. */
  someGone: boolean;
}

export function createBuildTweetViews({ tweets, engagement }: BuildTweetViewsDeps): BuildTweetViews {
  async function addComments(ids: number[], comments: Comments): Promise<void> {
    if (ids.length === 0) return;
    const found = await inBatches(ids, LIMITS.batch, (batch) => tweets.get({ ids: batch }));
    comments.someGone ||= found.length < ids.length;
    for (const comment of found) comments.byId.set(comment.id, comment);
  }

  /** Loads the wanted users, and comments. False: social is down. */
  async function fetched(ids: number[], comments: Comments, profiles: ProfileLoader): Promise<boolean> {
    const [checked] = await Promise.all([unlessDown(profiles.fetch()), addComments(ids, comments)]);
    return checked !== null;
  }

  /** Loads the previews' users and comments, and older previews where needed. null: social is down. */
  async function previewsOf(
    { records, summaries }: Found,
    { viewer, comments, profiles }: { viewer: UserId | null; comments: Comments; profiles: ProfileLoader },
  ): Promise<Previews | null> {
    const previews: Previews = summaries ?? [];
    const found = { records, previews };
    if (!(await fetched(wantFirst(found, profiles), comments, profiles))) return null;
    if (!profiles.someHidden() && !comments.someGone) return previews;
    if (!(await fetched(wantMore(found, comments, profiles), comments, profiles))) return null;
    const older = await olderPreviews(found, { viewer, comments, profiles });
    if (older === null) return previews;
    return (await fetched(wantFirst({ records, previews: older }, profiles), comments, profiles))
      ? older
      : null;
  }

  /** Previews with older rows in place of hidden ones; null: there is no need, or engagement is down. */
  async function olderPreviews(
    { records, previews }: Wanted,
    { viewer, comments, profiles }: { viewer: UserId | null; comments: Comments; profiles: ProfileLoader },
  ): Promise<Previews | null> {
    const showsTooFew = <Row>(rows: Row[] | undefined, shows: (row: Row) => boolean) =>
      rows?.length === LIMITS.previewFetched && rows.filter(shows).length < LIMITS.previewShown;
    const likesOf: TweetId[] = [];
    const commentsOf: TweetId[] = [];
    for (const [i, record] of records.entries()) {
      if (record === undefined || profiles.get(record.author) === undefined) continue;
      if (showsTooFew(previews[i]?.likes, (row) => shows(row, profiles))) likesOf.push(record.id);
      if (showsTooFew(previews[i]?.comments, (row) => showsComment(row, comments, profiles))) {
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

  return async ({ tweetIds, viewer, profiles, keep }) => {
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
    const previews = await previewsOf(found, { viewer, comments, profiles });
    if (previews === null) return { tweetViews: null, degraded };
    const made = found.records.map((tweet, i) => {
      const author = tweet?.kind === 'tweet' ? profiles.get(tweet.author) : undefined;
      if (tweet === undefined || author === undefined) return undefined;
      const summary = found.summaries?.[i];
      const tweetView = tweetViewOf({ tweet, author, summary, preview: previews[i], comments, profiles });
      const plain = summary !== undefined && tweetView.hiddenMentions.length === 0;
      if (plain && sameForAll(author, summary, comments, profiles)) keep(tweetView);
      return { tweetView, viewer: summary?.viewer ?? null, author };
    });
    return { tweetViews: made, degraded };
  };
}

/**
 * Wants the users whom a tweet view is likely to name: where all previews are visible, the first three are shown.
 * Returns the ids of the comments needed.
 */
function wantFirst({ records, previews }: Wanted, profiles: ProfileLoader): number[] {
  const wanted: number[] = [];
  for (let i = 0; i < records.length; i++) {
    const record = records[i];
    if (record === undefined) continue;
    profiles.want(record.author);
    for (const userId of mentionedIn(record)) profiles.want(userId);
    const preview = previews[i];
    if (preview === undefined) continue;
    for (const { userId } of first(preview.likes)) profiles.want(userId);
    for (const { userId, id } of first(preview.comments)) {
      profiles.want(userId);
      wanted.push(id);
    }
  }
  return wanted;
}

/** Wants the further previews of tweets whose first three cannot all be shown. Returns the ids of their comments. */
function wantMore({ records, previews }: Wanted, comments: Comments, profiles: ProfileLoader): number[] {
  const wanted: number[] = [];
  for (let i = 0; i < records.length; i++) {
    const preview = previews[i];
    if (preview === undefined || records[i] === undefined) continue;
    const { likes, comments: rows } = preview;
    if (!first(likes).every((row) => shows(row, profiles)))
      for (const { userId } of likes) profiles.want(userId);
    if (first(rows).every((row) => showsComment(row, comments, profiles))) continue;
    for (const { userId, id } of rows.slice(LIMITS.previewShown)) {
      profiles.want(userId);
      wanted.push(id);
    }
  }
  return wanted;
}

function first<Row>(rows: Row[]): Row[] {
  return rows.length <= LIMITS.previewShown ? rows : rows.slice(0, LIMITS.previewShown);
}

/** What a protected account does, like what it writes, is shown only to those who may read it. */
function shows(row: { userId: UserId }, profiles: ProfileLoader): boolean {
  return profiles.get(row.userId) !== undefined;
}

function showsComment(row: CommentRow, comments: Comments, profiles: ProfileLoader): boolean {
  return comments.byId.has(row.id) && shows(row, profiles);
}

/** Whether the same tweet view serves every reader with no block or mute between them and somebody on it. */
function sameForAll(
  author: VisibleProfile,
  { likes, comments: rows }: Summary,
  comments: Comments,
  profiles: ProfileLoader,
) {
  const open = ({ userId }: { userId: UserId }) => profiles.get(userId)?.protected === false;
  return (
    !author.protected &&
    first(likes).every(open) &&
    first(rows).every((row) => open(row) && comments.byId.has(row.id))
  );
}

interface TweetViewParts {
  tweet: TweetRecord;
  author: VisibleProfile;
  summary: Summary | undefined;
  preview: Previews[number];
  comments: Comments;
  profiles: ProfileLoader;
}

function tweetViewOf({ tweet, author, summary, preview, comments, profiles }: TweetViewParts): TweetView {
  const users = [author.profile];
  return {
    tweet,
    likeCount: summary === undefined ? null : summary.likeCount,
    commentCount: summary === undefined ? null : summary.commentCount,
    repostCount: summary === undefined ? null : summary.repostCount,
    likes: likesShown(preview?.likes ?? [], profiles, users),
    comments: commentsShown(preview?.comments ?? [], { comments, profiles, users }),
    users,
    hiddenMentions: mentionedIn(tweet).filter((userId) => !profiles.sees(userId)),
  };
}

function likesShown(rows: LikeRow[], profiles: ProfileLoader, users: ProfileBasic[]): TweetView['likes'] {
  const shown: { userId: UserId; time: number }[] = [];
  for (let j = 0; j < rows.length && shown.length < LIMITS.previewShown; j++) {
    const { id, userId } = rows[j]!;
    const user = profiles.get(userId);
    if (user === undefined) continue;
    name(user.profile, users);
    shown.push({ userId, time: snowflakeTime(id) });
  }
  return shown;
}

function commentsShown(
  rows: CommentRow[],
  { comments, profiles, users }: { comments: Comments; profiles: ProfileLoader; users: ProfileBasic[] },
): TweetView['comments'] {
  const shown: TweetView['comments'][number][] = [];
  for (let j = 0; j < rows.length && shown.length < LIMITS.previewShown; j++) {
    const { id, userId } = rows[j]!;
    const comment = comments.byId.get(id);
    const user = profiles.get(userId);
    if (comment === undefined || user === undefined) continue;
    name(user.profile, users);
    shown.push({ commentId: id, userId, content: comment.content, time: comment.time });
  }
  return shown;
}

/** A tweet view names seven users at most. */
function name(head: ProfileBasic, users: ProfileBasic[]): void {
  if (!users.some(({ userId }) => userId === head.userId)) users.push(head);
}

/**
 * Puts answers into the order of the ids asked for; undefined where one is missing. Services mostly answer in that
 * order, so that one pass suffices; otherwise a map is used.
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
