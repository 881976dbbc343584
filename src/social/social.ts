/**
 * The social service: profiles, the follow graph, blocks and mutes. Its rules keep promise 9: a private follow is
 * visible to its follower alone. Methods that show the graph to a user take a `viewer`. Methods marked "internal" see
 * private follows: they serve fan-out and visibility checks, and never answer a user.
 */
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { AccountState, FollowState } from '#domain/names.ts';
import type { Page, ProfileBasic, ProfileView } from '#domain/records.ts';

export interface NewUser {
  userId: UserId;
  handle: string;
  name: string;
  time: number;
}

/** Fields given are set, absent ones are kept, '' clears. */
export interface ProfileChanges {
  name?: string;
  bio?: string;
  /** Media name or ''. */
  picture?: string;
  protected?: boolean;
}

/** A user named on a page, as far as its viewer may know them. */
export interface VisibleProfile {
  profile: ProfileBasic;
  /** Whether the viewer may see what the user wrote and did (`canReadUser`); if not, the user may only be named. */
  readable: boolean;
  protected: boolean;
  /** The viewer mutes the user. */
  muting: boolean;
}

/** A profile as one viewer may see it. */
export interface Profile extends ProfileView {
  bio: string;
  /** Public followers and followees only, whoever asks, the user included. */
  followerCount: number;
  followingCount: number;
  /** The viewer blocks the user: only the basic profile may be shown. */
  basicOnly: boolean;
}

export interface RelationshipRow {
  /** The id of the follow, request, block or mute, by which lists are ordered. */
  id: Snowflake;
  userId: UserId;
  /** True only in a user's own list of followees. */
  private: boolean;
}
export interface Suggestion {
  userId: UserId;
  /** How many of the viewer's followees (private ones too, as only the viewer sees this) follow the user publicly. */
  mutualCount: number;
  /** The newest few of those. */
  via: UserId[];
}

/** A period, now ended, in which the viewer muted the user, or one of the two blocked the other. */
export interface HiddenPeriod {
  userId: UserId;
  /** Snowflakes minted at its beginning and end: what the user did in it has an id between the two. */
  since: Snowflake;
  until: Snowflake;
}

export interface ListRequest {
  userId: UserId;
  viewer: UserId | null;
  /** Rows with an id below this. */
  before: Snowflake | null;
  limit: number;
}

export interface Social {
  /** Creates a user; again with the same userId changes nothing. Durable when it resolves. */
  createUser(user: NewUser): Promise<void>;
  /** Changes a profile. Becoming protected ends private follows of the user; becoming public accepts every request. */
  setProfile(request: { userId: UserId; changes: ProfileChanges; traceId: string }): Promise<void>;
  /**
   * Sets state and handle as the accounts service decided them. `erasing` and `erased` also empty the profile, but
   * free no handle.
   */
  setAccount(request: { userId: UserId; state: AccountState; handle?: string }): Promise<void>;
  /**
   * Users with their relationships with the viewer, in no order. Users who never existed are left out; hidden and
   * erased ones are included, for the caller to decide (see `canSeeUser`). At most 1,000.
   */
  view(request: { viewer: UserId | null; userIds: UserId[] }): Promise<ProfileView[]>;
  /**
   * The users whom the viewer may see (`canSeeUser`), in the order asked for; null for the others. For pages that name
   * many users: unlike `view` it does not look up every relationship. At most 1,000.
   */
  visibleProfiles(request: {
    viewer: UserId | null;
    userIds: readonly UserId[];
  }): Promise<(VisibleProfile | null)[]>;
  /**
   * All users whom the viewer blocks or mutes, or who block the viewer. All other active and unprotected users look
   * the same to this viewer as to anybody. null where there are too many (over 1,000).
   */
  blocksAndMutes(request: { viewer: UserId }): Promise<{ userIds: UserId[] } | null>;
  /** Throws not_found where the viewer may not know of the user (who blocks them, is not active, or never existed). */
  profile(request: { userId: UserId; viewer: UserId | null }): Promise<Profile>;
  /** Active users by handle, ignoring case; unknown handles are left out. At most 1,000. */
  lookup(request: { handles: string[] }): Promise<ProfileBasic[]>;

  /**
   * Follows, asks to follow a protected account, or changes public to private and back. Throws cannot_follow_self,
   * not_found (hidden), protected_account (private follow of a protected account), invalid_request (5,000 followees).
   */
  follow(request: {
    follower: UserId;
    followee: UserId;
    private: boolean;
    traceId: string;
  }): Promise<{ state: FollowState }>;
  /** Ends a follow or a request; succeeds where there is none. */
  unfollow(request: { follower: UserId; followee: UserId; traceId: string }): Promise<void>;
  /** Removes a public follower; succeeds and changes nothing where there is none, or a private one. */
  removeFollower(request: { followee: UserId; follower: UserId; traceId: string }): Promise<void>;
  /** Shows or hides the followee's reposts in the follower's home. Throws not_found where there is no such follow. */
  showReposts(request: {
    follower: UserId;
    followee: UserId;
    shown: boolean;
    traceId: string;
  }): Promise<void>;
  /**
   * Newest first. Private follows are in neither list, except in the viewer's own list of followees. Hidden users are
   * left out, and pages are full nevertheless. Empty where the viewer may not read the user, as are mutuals and
   * followers you know.
   */
  followers(request: ListRequest): Promise<Page<RelationshipRow>>;
  following(request: ListRequest): Promise<Page<RelationshipRow>>;
  followRequests(request: {
    userId: UserId;
    before: Snowflake | null;
    limit: number;
  }): Promise<Page<RelationshipRow>>;
  /** Throws not_found where the follower did not ask. */
  answerRequest(request: {
    followee: UserId;
    follower: UserId;
    approve: boolean;
    traceId: string;
  }): Promise<void>;

  /** Ends follows and requests both ways, and hides the two from each other. Succeeds when repeated. */
  block(request: { userId: UserId; other: UserId; traceId: string }): Promise<void>;
  unblock(request: { userId: UserId; other: UserId; traceId: string }): Promise<void>;
  mute(request: { userId: UserId; other: UserId; traceId: string }): Promise<void>;
  unmute(request: { userId: UserId; other: UserId; traceId: string }): Promise<void>;
  /** Newest first. Users who block the viewer, or are not active, are left out while that lasts. */
  blocks(request: {
    userId: UserId;
    before: Snowflake | null;
    limit: number;
  }): Promise<Page<RelationshipRow>>;
  mutes(request: { userId: UserId; before: Snowflake | null; limit: number }): Promise<Page<RelationshipRow>>;

  /**
   * Users whom both follow publicly; the viewer's followees who follow the user publicly; users the viewer may know.
   */
  mutuals(request: { userId: UserId; viewer: UserId; limit: number }): Promise<{ userIds: UserId[] }>;
  followersYouKnow(request: {
    userId: UserId;
    viewer: UserId;
    limit: number;
  }): Promise<{ userIds: UserId[] }>;
  suggestions(request: { viewer: UserId; limit: number }): Promise<{ suggestions: Suggestion[] }>;

  /** Public follower counts (the same for everyone). At most 1,000. */
  followerCounts(request: { userIds: UserId[] }): Promise<{ userId: UserId; followers: number }[]>;

  /**
   * Internal: all users whom a user follows (at most 5,000), muted or not, with the id of the follow and whether their
   * reposts are hidden.
   */
  followeesOf(request: {
    follower: UserId;
  }): Promise<{ followees: { userId: UserId; id: Snowflake; muted: boolean; repostsHidden: boolean }[] }>;
  /** Internal: followers in userId order, private ones too. `after`: the last id of the page before, 0 at first. */
  followerIds(request: {
    followee: UserId;
    after: UserId;
    limit: number;
  }): Promise<{ userIds: UserId[]; next: UserId | null }>;
  /**
   * Internal: those of the pairs in which `follower` follows `followee`, publicly or privately. At most 1,000 pairs.
   */
  follows(request: {
    pairs: { follower: UserId; followee: UserId }[];
  }): Promise<{ follower: UserId; followee: UserId; id: Snowflake; private: boolean }[]>;
  /**
   * Internal: all users who publicly follow a user, or asked to, newest first. Includes hidden users, as a rebuilt
   * view must not depend on who is hidden at the time.
   */
  relationshipsTo(request: {
    userId: UserId;
    kind: 'follow' | 'request';
    before: Snowflake | null;
    limit: number;
  }): Promise<Page<RelationshipRow>>;
  /** Internal: the viewer's newest 1,000 ended periods, in no order. */
  hiddenPeriods(request: { viewer: UserId }): Promise<{ periods: HiddenPeriod[] }>;
  /** Internal: all users in userId order, for rebuilding views. */
  scanUsers(request: { after: UserId; limit: number }): Promise<{
    users: { userId: UserId; protected: boolean; state: AccountState; followers: number }[];
    next: UserId | null;
  }>;
  /** Ends some of a user's follows, blocks, mutes and requests, in both directions. Call until `done`. */
  eraseUser(request: { userId: UserId; limit: number; traceId: string }): Promise<{ done: boolean }>;
}
