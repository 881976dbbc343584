/**
 * The port of the social store: users, and the relationships between them. A relationship holds everything between two
 * users in one direction: follow, request, block and mute. Every fact of this service is a user or a relationship. The
 * port knows no rules: the service decides, the store keeps, and `change` makes both one step.
 *
 * One rule is the store's, because it must hold from the very commit: **becoming protected ends every private
 * follow**. A private follow is active only while the followee's `protections` is what it was when the follow began.
 * Rows of ended follows remain until the service removes them, but `relationshipBits`, `list`, `followees`,
 * `followerIds` and `follows` never report them.
 */
import type { EventDraft } from '#domain/events.ts';
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { AccountState } from '#domain/names.ts';
import type { ChangeSource } from '#platform/change-source.ts';
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
  /** Private follows that ended when `protections` reached this are removed. Grows in the background. */
  migratedProtections: number;
  state: AccountState;
  /** Milliseconds since 1970. */
  createdAt: number;
  /** 1 at first, grows with every change of the fields above. */
  version: number;
}

/**
 * How many relationships of each kind a user has. Exact, and changed in the same step as the relationships. Users who
 * are deactivated or suspended are left out of lists but still counted.
 */
export interface Counts {
  /** Public follows of the user, and by the user: the two counts that are shown. */
  followers: number;
  following: number;
  /** Follows (public and private) and requests by the user, for the limit of followees. */
  outgoing: number;
  /** Requests to follow the user. */
  requesters: number;
  blocks: number;
  mutes: number;
}

/** A user as stored. Shared by caches, so never to be mutated. */
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
  /** The followee's `protections` when the follow began. */
  protections: number;
}

/**
 * Everything from `source` to `target`. Each part is the id that was minted when it began; null where there is none.
 */
export interface Relationship {
  follow: PublicFollow | PrivateFollow | null;
  request: Snowflake | null;
  block: Snowflake | null;
  mute: Snowflake | null;
  /** The reposts of `target` are left out of the home of `source`; ends with the follow. */
  hiddenReposts: Snowflake | null;
}
export interface RelationshipKey {
  source: UserId;
  target: UserId;
}

/** The facts that a decision rests on, in the order asked for; null where there never was such a user. */
export interface Facts {
  users: (StoredUser | null)[];
  relationships: Relationship[];
}

/** The new state. Users and relationships that are not named stay as they are; counts follow the relationships. */
export interface Decision<Result> {
  users?: User[];
  relationships?: (RelationshipKey & { relationship: Relationship })[];
  /** Periods that end with this change; of more than {@link MAX_HIDDEN_PERIODS} of a viewer the oldest are dropped. */
  hidden?: (HiddenPeriod & { viewer: UserId })[];
  /** Committed with the change. */
  events: EventDraft[];
  /** Milliseconds since 1970; when an earlier handle ended. */
  time: number;
  result: Result;
}

/** The relationships between a viewer and another user, as bits. */
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

/** `following`: public follows only; `ownFollowing`: private ones too, for the follower alone. */
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

/** What commits change, for caches of the store's answers. */
export interface SocialChanges {
  /** Users of whom anything but the counts has changed. */
  profiles: ChangeSource;
  /** Users whose relationships have changed, and so perhaps their counts. */
  relationships: ChangeSource;
  /**
   * Users whose list of followees has changed. Everything, where a user's protection or state has changed: that
   * affects the lists of any number of followers, who are too many to name.
   */
  followees: ChangeSource;
}

/** Every method is atomic and sees everything committed before it was called, through whatever handle. */
export interface SocialStore {
  readonly changes: SocialChanges;

  /**
   * Reads the subject, decides, and commits users, relationships, counts and events as one durable step, with which no
   * other change of the same users and relationships interleaves. `decide` is synchronous, has no effects (but for
   * minting ids), and may run more than once. When it throws, nothing is kept and that error is thrown. A decision may
   * only name users and relationships of the subject. At most {@link MAX_SUBJECT} of each.
   */
  change<Result>(
    subject: { users: readonly UserId[]; relationships: readonly RelationshipKey[] },
    decide: (facts: Facts) => Decision<Result>,
  ): Promise<Result>;

  /** In the order asked for; null where there never was such a user. At most 1,000. */
  users(userIds: readonly UserId[]): Promise<(StoredUser | null)[]>;
  /** {@link RELATIONSHIP_BIT} bits towards each of the others, in the order asked for. At most 1,000. */
  relationshipBits(request: { viewer: UserId; others: readonly UserId[] }): Promise<number[]>;
  /**
   * All users whom the viewer blocks or mutes, or who block the viewer, with those {@link RELATIONSHIP_BIT} bits
   * alone; null where there are more than {@link MAX_BLOCKS_AND_MUTES}. Shared by caches, so never to be mutated.
   */
  blocksAndMutes(viewer: UserId): Promise<ReadonlyMap<UserId, number> | null>;
  /** Users who have these handles now, ignoring case, whatever their state. At most 1,000. */
  byHandle(handles: readonly string[]): Promise<StoredUser[]>;
  /** Former handles of a user, newest first, with when each was given up (ms since 1970). */
  formerHandles(userId: UserId): Promise<{ handle: string; until: number }[]>;
  /**
   * Relationships of one kind with an id below `before`, newest first. The cost does not depend on the list's length.
   */
  list(request: {
    kind: ListKind;
    userId: UserId;
    before: Snowflake | null;
    limit: number;
  }): Promise<RelationshipRow[]>;
  /** All active users whom a user follows, newest first. */
  followees(follower: UserId): Promise<Followee[]>;
  /** Followers above `after` in userId order, private ones too. */
  followerIds(request: { followee: UserId; after: UserId; limit: number }): Promise<UserId[]>;
  /** Those of these follows that are active, in no order. At most 1,000. */
  follows(pairs: readonly { follower: UserId; followee: UserId }[]): Promise<Follow[]>;
  /** Those of these follows that are public, in no order; private ones are not even read. At most 1,000. */
  publicFollows(
    pairs: readonly { follower: UserId; followee: UserId }[],
  ): Promise<{ follower: UserId; followee: UserId }[]>;
  /** All users above `after` in userId order. */
  scan(request: { after: UserId; limit: number }): Promise<StoredUser[]>;

  /** Followers whose ended private follow is to be removed, or who ask to follow, the oldest request first. */
  pending(request: { followee: UserId; kind: 'ended' | 'request'; limit: number }): Promise<UserId[]>;
  /**
   * Users whose `migratedProtections` is behind, and unprotected users who still have requests; lowest ids first.
   */
  pendingProtectionMigrations(request: { limit: number }): Promise<UserId[]>;
  /** The viewer's ended periods, in no order. */
  hiddenPeriods(viewer: UserId): Promise<HiddenPeriod[]>;
  /** Deletes at most `limit` periods of a user, or about them. Resolves to how many were deleted. */
  forgetHiddenPeriods(request: { userId: UserId; limit: number }): Promise<number>;
  /** Some relationships from or to a user; none once no relationship is left. */
  relationshipsOf(request: { userId: UserId; limit: number }): Promise<RelationshipKey[]>;
}

/** One open handle. Several may be open on one backend, and each reads what any of them writes. */
export interface OpenedSocialStore extends SocialStore {
  /** Topics `follows` and `accounts`: every event of this store, appended in the commit that made it. */
  readonly log: TopicLog;
  /** How far ids and times had advanced, kept in every commit of this store. */
  readonly highWater: HighWater;
  /** Resolves when everything asked for before is durable; the handle must not be used afterwards. */
  close(): Promise<void>;
}

/** How many blocks and mutes of one user are read at once. */
export const MAX_BLOCKS_AND_MUTES = 1_000;

/** How many ended periods are kept for one viewer. */
export const MAX_HIDDEN_PERIODS = 1_000;

/** How many users, and relationships, one change may have. */
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
