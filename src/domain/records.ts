/** The records that travel between services. Plain JSON: they cross a process boundary as they are. */
import type { CommentId, LikeId, RepostId, Snowflake, TextId, TweetId, UserId } from './ids.ts';
import type { AccountState, TweetKind } from './names.ts';

export interface Mention {
  start: number;
  end: number;
  handle: string;
  /** Who had that handle when it was written; null: nobody. */
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
/** Places in a text, `start` (inclusive) and `end` (exclusive) in UTF-16 units. */
export interface Entities {
  mentions: Mention[];
  hashtags: Hashtag[];
  links: Link[];
}

/** An image as a tweet keeps it: `image` is the media's name, from which its url follows. */
export interface TweetImage {
  image: string;
  width: number;
  height: number;
  alt: string;
}

export type Visibility = 'public';

/** A tweet, or with another id a comment; one record for both. */
export interface TweetRecord<Id extends TextId = TweetId> {
  id: Id;
  author: UserId;
  kind: TweetKind;
  /** What a comment answers, and the tweet its thread begins with; null for a tweet. */
  parentId: TweetId | null;
  rootId: TweetId | null;
  quoteOf: TweetId | null;
  visibility: Visibility;
  /** Grows with every change of text; part of every cache key. */
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

/** What everybody may know of somebody by name, for `users` in answers. */
export interface ProfileBasic {
  userId: UserId;
  handle: string;
  name: string;
  /** Media name or ''. */
  picture: string;
}

/** One user as one viewer stands to them, in one call: see `Social.view`. */
export interface ProfileView extends ProfileBasic {
  state: AccountState;
  protected: boolean;
  /** The viewer follows them, publicly or privately. */
  following: boolean;
  /** That follow is private. Never shown to anybody but the viewer. */
  followingPrivately: boolean;
  requested: boolean;
  /** They follow the viewer publicly. */
  followedBy: boolean;
  blocking: boolean;
  blockedBy: boolean;
  muting: boolean;
}

/** What a reader did with a tweet. */
export interface ViewerState {
  liked: boolean;
  reposted: boolean;
}

export interface LikeRow {
  /** Its time, and its place in the list. */
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

/** A page of ids with a place in time: ask again with `before: next` (exclusive); null at the end. */
export interface Page<T> {
  items: T[];
  next: Snowflake | null;
}
