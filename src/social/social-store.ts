/**
 * What the social service needs of its database: users, and the relationships between them. A relationship is all that one user
 * has to do with another in one direction; every fact of this service is a user or a relationship. The port knows no rules:
 * the service decides, the store keeps, and both happen as one step in `change`.
 *
 * One rule is the store's, because it must hold at the very moment of a flip: **becoming protected ends every private
 * follow**. A private follow stands only while the followee's `protections` is what it was when the follow began.
 * Whatever rows are left over until the service has removed them, `relationshipBits`, `list`, `followees`, `followerIds` and
 * `edges` never report them.
 */
import type { EventDraft } from '#domain/events.ts';
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { AccountState } from '#domain/names.ts';
import type { ChangeSource } from '#platform/change-clock.ts';
import type { HighWater } from '#platform/ids/high-water.ts';
import type { TopicLog } from '#queue/log.ts';
import type { HiddenPeriod, RelationshipRow } from './social.ts';

export interface User {
  userId: UserId;
  handle: string;
  name: string;
  bio: string;
  /** Media name or ''. */
  picture: string;
  protected: boolean;
  /** How often the account has become protected. */
  protections: number;
  /** Private follows that ended when `protections` reached this are removed; grows without the user's doing. */
  migratedProtections: number;
  state: AccountState;
  /** Milliseconds since 1970. */
  createdAt: number;
  /** 1 at first, grows with every change of the fields above. */
  version: number;
}

/**
 * How many relationships of a kind a user has; exact, kept in the same step as the relationships. Whatever state the other user is
 * in: somebody deactivated or suspended is left out of lists but still counted, and comes back with the account.
 */
export interface Counts {
  /** Public follows of the user, and by the user: the two that are shown. */
  followers: number;
  following: number;
  /** Follows (public and private) and requests by the user: what the limit of followees counts. */
  outgoing: number;
  /** Requests to follow the user. */
  requesters: number;
  blocks: number;
  mutes: number;
}

/** A user as the store has them. Shared by caches: never to be changed. */
export interface StoredUser extends Readonly<User> {
  readonly counts: Readonly<Counts>;
}

export interface PublicFollow {
  id: Snowflake;
  private: false;
}
export interface PrivateFollow {
  id: Snowflake;
  private: true;
  /** The followee's when the follow began. */
  protections: number;
}

/** What `from` has to do with `to`. Each part carries the snowflake of the moment it began; null: it does not stand. */
export interface Relationship {
  follow: PublicFollow | PrivateFollow | null;
  request: Snowflake | null;
  block: Snowflake | null;
  mute: Snowflake | null;
  /** `to`'s reposts are left out of `from`'s home; ends with the follow. */
  hiddenReposts: Snowflake | null;
}
export interface RelationshipKey {
  source: UserId;
  target: UserId;
}

/** The facts a decision rests on, in the order asked for; null: that user never was. */
export interface Facts {
  users: (StoredUser | null)[];
  relationships: Relationship[];
}

/** What shall be. Whoever and whatever is not named stays as it is; counts follow the relationships. */
export interface Decision<Result> {
  users?: User[];
  relationships?: (RelationshipKey & { relationship: Relationship })[];
  /** Periods that have ended with this change; beyond {@link MAX_HIDDEN_PERIODS} of a viewer the oldest are forgotten. */
  hidden?: (HiddenPeriod & { viewer: UserId })[];
  /** Committed with the change. */
  events: EventDraft[];
  /** Milliseconds since 1970; when an earlier handle ended. */
  time: number;
  result: Result;
}

/** Bits of how one user stands to another, from the viewer's side. */
export const RELATIONSHIP_BIT = {
  following: 1,
  followingPrivately: 2,
  requested: 4,
  /** The other follows the viewer publicly. There is no bit for privately. */
  followedBy: 8,
  blocking: 16,
  blockedBy: 32,
  muting: 64,
} as const;

/** `following`: public ones only; `ownFollowing`: private ones too, for the follower's own eyes. */
export type ListKind = 'followers' | 'following' | 'ownFollowing' | 'requests' | 'blocks' | 'mutes';

export interface Followee {
  userId: UserId;
  id: Snowflake;
  private: boolean;
  muted: boolean;
  /** The follower does not want their reposts. */
  repostsHidden: boolean;
}

export interface Follow {
  follower: UserId;
  followee: UserId;
  id: Snowflake;
  private: boolean;
}

/** What its commits change, for whoever keeps what the store said. */
export interface SocialChanges {
  /** Users of whom anything but the counts is another. */
  profiles: ChangeSource;
  /** Users from or to whom anything is another, and so maybe their counts. */
  relationships: ChangeSource;
  /**
   * Whoever follows others, or follows somebody otherwise. Everything, where somebody's protection or state turned:
   * that reaches into the lists, and ends private follows, of others, and to name those would take as long as they are
   * many.
   */
  followees: ChangeSource;
}

/** Every method is atomic on its own and sees what was committed before it was called, by whatever handle. */
export interface SocialStore {
  readonly changes: SocialChanges;

  /**
   * Reads the subject, decides, and commits users, relationships, counts and events as one durable step that no other change
   * of the same users and relationships interleaves with. `decide` is synchronous and free of effects (but for minting ids);
   * it may run more than once. When it throws, nothing is kept and that error is thrown. A decision may only name
   * users and relationships of the subject. At most {@link MAX_SUBJECT} of each.
   */
  change<Result>(
    subject: { users: readonly UserId[]; relationships: readonly RelationshipKey[] },
    decide: (facts: Facts) => Decision<Result>,
  ): Promise<Result>;

  /** In the order asked for; null: never was. At most 1,000. */
  users(userIds: readonly UserId[]): Promise<(StoredUser | null)[]>;
  /** {@link RELATIONSHIP_BIT} bits towards each of the others, in the order asked for. At most 1,000. */
  relationshipBits(request: { viewer: UserId; others: readonly UserId[] }): Promise<number[]>;
  /**
   * Everybody whom the viewer blocks or mutes or is blocked by, with those {@link RELATIONSHIP_BIT} bits alone; null where
   * they are more than {@link MAX_BLOCKS_AND_MUTES}. Shared by caches: never to be changed.
   */
  blocksAndMutes(viewer: UserId): Promise<ReadonlyMap<UserId, number> | null>;
  /** Users whose handle this is now, ignoring case, whatever their state. At most 1,000. */
  byHandle(handles: readonly string[]): Promise<StoredUser[]>;
  /** Handles that somebody had before, newest first, with when they ended (ms since 1970). */
  formerHandles(userId: UserId): Promise<{ handle: string; until: number }[]>;
  /** Relationships of one kind with an id below `before`, newest first. The cost does not depend on the list's length. */
  list(request: {
    kind: ListKind;
    userId: UserId;
    before: Snowflake | null;
    limit: number;
  }): Promise<RelationshipRow[]>;
  /** Everybody active that somebody follows, newest first. Shared by caches: never to be changed. */
  followees(follower: UserId): Promise<readonly Followee[]>;
  /** Followers above `after` in userId order, private ones too. */
  followerIds(request: { followee: UserId; after: UserId; limit: number }): Promise<UserId[]>;
  /** The follows among these that stand, in no order. At most 1,000. */
  follows(pairs: readonly { follower: UserId; followee: UserId }[]): Promise<Follow[]>;
  /** The public follows among these, in no order; private ones are not even read. At most 1,000. */
  publicFollows(
    pairs: readonly { follower: UserId; followee: UserId }[],
  ): Promise<{ follower: UserId; followee: UserId }[]>;
  /** All users above `after` in userId order. */
  scan(request: { after: UserId; limit: number }): Promise<StoredUser[]>;

  /** Whose private follow of somebody has ended and is to be removed, or who asks to follow: oldest requests first. */
  pending(request: { followee: UserId; kind: 'ended' | 'request'; limit: number }): Promise<UserId[]>;
  /**
   * Users whose `migratedProtections` is behind, and unprotected users with requests left over; lowest ids first.
   */
  pendingProtectionMigrations(request: { limit: number }): Promise<UserId[]>;
  /** The viewer's periods that have ended, in no order. */
  hiddenPeriods(viewer: UserId): Promise<HiddenPeriod[]>;
  /** Forgets at most `limit` periods of a user, or about them. Resolves to how many went. */
  forgetHiddenPeriods(request: { userId: UserId; limit: number }): Promise<number>;
  /** Some relationships from or to a user; none when no relationship is left. */
  relationshipsOf(request: { userId: UserId; limit: number }): Promise<RelationshipKey[]>;
}

/** What opening the store gives: one handle. Several may be open on one backend, and what one writes, all read. */
export interface OpenedSocialStore extends SocialStore {
  /** Topics `follows` and `accounts`: every event that a commit of this store made, appended in that very commit. */
  readonly log: TopicLog;
  /** How far ids and times had come, kept in every commit of this store. */
  readonly highWater: HighWater;
  /** Resolves when what was asked for is durable; nothing may be asked of this handle afterwards. */
  close(): Promise<void>;
}

/** Blocks and mutes of one user that are read at a stroke. */
export const MAX_BLOCKS_AND_MUTES = 1_000;

/** Ended periods that are kept for one viewer. */
export const MAX_HIDDEN_PERIODS = 1_000;

/** Users, and relationships, in one change. */
export const MAX_SUBJECT = 500;

export const NO_RELATIONSHIP: Relationship = {
  follow: null,
  request: null,
  block: null,
  mute: null,
  hiddenReposts: null,
};
export const NO_COUNTS: Counts = {
  followers: 0,
  following: 0,
  outgoing: 0,
  requesters: 0,
  blocks: 0,
  mutes: 0,
};
