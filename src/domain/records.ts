/** The records that services exchange: plain JSON, so that they can cross a process boundary unchanged. */
import type { CommentId, LikeId, RepostId, Snowflake, TextId, TweetId, UserId } from './ids.ts';
import type { AccountState, TweetKind } from './names.ts';

export interface Mention {
  start: number;
  end: number;
  handle: string;
  /** The user who had the handle when the text was written; null if nobody had. */
  userId: UserId | null;
}
export interface Hashtag {
  start: number;
  end: number;
  tag: string;
}
export interface Link {
  start: number;
  end: number;
  url: string;
}
/** Offsets are in UTF-16 units: `start` is inclusive, `end` exclusive. */
export interface Entities {
  mentions: Mention[];
  hashtags: Hashtag[];
  links: Link[];
}

/** An image of a tweet: `image` is the media name, from which the URL is derived. */
export interface TweetImage {
  image: string;
  width: number;
  height: number;
  alt: string;
}

export type Visibility = 'public';

/** A tweet; or, as `TweetRecord<CommentId>`, a comment. */
export interface TweetRecord<Id extends TextId = TweetId> {
  id: Id;
  author: UserId;
  kind: TweetKind;
  /** What a comment answers, and the tweet that its thread begins with; null for a tweet. */
  parentId: TweetId | null;
  rootId: TweetId | null;
  quoteOf: TweetId | null;
  visibility: Visibility;
  /** Grows with every change of the text; part of every cache key. */
  version: number;
  lang: string | null;
  labels: string[];
  appId: string | null;
  content: string;
  entities: Entities;
  images: TweetImage[];
  /** Milliseconds since 1970: the moment in the id. */
  time: number;
}

/** How a user is named in answers (`users`), for everybody who may know that the user exists. */
export interface ProfileBasic {
  userId: UserId;
  handle: string;
  name: string;
  /** Media name or ''. */
  picture: string;
}

/** A user together with the relationship between them and the viewer: see `Social.view`. */
export interface ProfileView extends ProfileBasic {
  state: AccountState;
  protected: boolean;
  /** The viewer follows the user, publicly or privately. */
  following: boolean;
  /** That follow is private. Shown to the viewer only. */
  followingPrivately: boolean;
  requested: boolean;
  /** The user follows the viewer publicly. */
  followedBy: boolean;
  blocking: boolean;
  blockedBy: boolean;
  muting: boolean;
}

/** What the viewer did with a tweet. */
export interface ViewerState {
  liked: boolean;
  reposted: boolean;
}

export interface LikeRow {
  /** Carries the time of the like, and orders the list. */
  id: LikeId;
  tweetId: TweetId;
  userId: UserId;
}
export interface CommentRow {
  id: CommentId;
  tweetId: TweetId;
  userId: UserId;
}
export interface RepostRow {
  id: RepostId;
  tweetId: TweetId;
  userId: UserId;
}

/**
 * A page of a list that is ordered by id. The next page is asked for with `before: next` (exclusive); null at the end.
 */
export interface Page<T> {
  items: T[];
  next: Snowflake | null;
}
