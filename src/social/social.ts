/**
 * The social service: profiles, the follow graph, blocks and mutes. Its rules keep promise 9: a private follow is
 * visible to its follower alone. Methods that show the graph to somebody take a `viewer`; the ones named
 * "internal" see private edges and are for fan-out and reading, never for answers.
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

/** What is given is set, what is absent kept, '' clears. */
export interface ProfileChanges {
  name?: string;
  bio?: string;
  /** Media name or ''. */
  picture?: string;
  protected?: boolean;
}

/** Somebody named on a page, as far as its reader may know of them. */
export interface VisibleProfile {
  profile: ProfileBasic;
  /** Whether the reader may read what they wrote and did (`canReadUser`); if not, they may only be named. */
  readable: boolean;
  protected: boolean;
  /** The viewer mutes them. */
  muting: boolean;
}

/** A profile as one viewer may see it. */
export interface Profile extends ProfileView {
  bio: string;
  /** Public followers and followees only, for everybody, the user included. */
  followerCount: number;
  followingCount: number;
  /** The user and the viewer are blocked one way or the other: show the head only. */
  basicOnly: boolean;
}

export interface RelationshipRow {
  /** The follow's (or request's, block's, mute's) snowflake: its place in lists. */
  id: Snowflake;
  userId: UserId;
  /** Only ever true in one's own following list. */
  private: boolean;
}
export interface Suggestion {
  userId: UserId;
  /** How many of the users the viewer follows (publicly or not: only the viewer sees it) follow them publicly. */
  mutualCount: number;
  /** Newest few of those. */
  via: UserId[];
}

/** A time in which somebody was muted by the viewer, or blocked one way or the other, and which has ended. */
export interface HiddenPeriod {
  userId: UserId;
  /** Snowflakes of its beginning and end: what that user did in it has an id between the two. */
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
  /** Makes a user known; again with the same userId changes nothing. Durable when it resolves. */
  createUser(user: NewUser): Promise<void>;
  /** Changes a profile. Becoming protected ends private follows of it; becoming public accepts every request. */
  setProfile(request: { userId: UserId; changes: ProfileChanges; traceId: string }): Promise<void>;
  /** State and handle as the gateway decided them. `erasing` and `erased` empty the profile and free nothing else. */
  setAccount(request: { userId: UserId; state: AccountState; handle?: string }): Promise<void>;
  /**
   * Users as the viewer stands to them, in no order; those who never were are left out; hidden and erased ones are
   * in, so that the caller can tell (see `canSeeUser`). The one batched call of a page. At most 1,000.
   */
  view(request: { viewer: UserId | null; userIds: UserId[] }): Promise<ProfileView[]>;
  /**
   * Those among these whom the viewer may see (`canSeeUser`), in the order asked for; null for everybody else.
   * What pages that name many users need of `view`, without looking up how the viewer stands to each of them. At
   * most 1,000.
   */
  visibleProfiles(request: {
    viewer: UserId | null;
    userIds: readonly UserId[];
  }): Promise<(VisibleProfile | null)[]>;
  /**
   * Everybody whom the viewer blocks or mutes, or who blocks the viewer: all others who are active and unprotected are
   * shown to them as to anybody. null: too many to say (over 1,000).
   */
  blocksAndMutes(request: { viewer: UserId }): Promise<{ userIds: UserId[] } | null>;
  /** Throws not_found where the viewer may not know the user at all (blocked by them, not active, never was). */
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
  /** Ends a follow or a request; nothing there is a success too. */
  unfollow(request: { follower: UserId; followee: UserId; traceId: string }): Promise<void>;
  /** Takes a public follower away; nothing there, or a private one, is a success too and changes nothing. */
  removeFollower(request: { followee: UserId; follower: UserId; traceId: string }): Promise<void>;
  /** Whether the followee's reposts are in the follower's home. Throws not_found where that follow does not stand. */
  showReposts(request: {
    follower: UserId;
    followee: UserId;
    shown: boolean;
    traceId: string;
  }): Promise<void>;
  /**
   * Newest first; private follows in neither, but for the viewer's own following. Hidden users are left out, pages
   * are full. Empty where the viewer may not read that user, as mutuals and followers you know are.
   */
  followers(request: ListRequest): Promise<Page<RelationshipRow>>;
  following(request: ListRequest): Promise<Page<RelationshipRow>>;
  followRequests(request: {
    userId: UserId;
    before: Snowflake | null;
    limit: number;
  }): Promise<Page<RelationshipRow>>;
  /** Throws not_found where that user did not ask. */
  answerRequest(request: {
    followee: UserId;
    follower: UserId;
    approve: boolean;
    traceId: string;
  }): Promise<void>;

  /** Ends follows and requests both ways, and hides each from the other. Again: a success. */
  block(request: { userId: UserId; other: UserId; traceId: string }): Promise<void>;
  unblock(request: { userId: UserId; other: UserId; traceId: string }): Promise<void>;
  mute(request: { userId: UserId; other: UserId; traceId: string }): Promise<void>;
  unmute(request: { userId: UserId; other: UserId; traceId: string }): Promise<void>;
  /** Newest first; those who block the reader, or are not active, are left out until that has changed. */
  blocks(request: {
    userId: UserId;
    before: Snowflake | null;
    limit: number;
  }): Promise<Page<RelationshipRow>>;
  mutes(request: { userId: UserId; before: Snowflake | null; limit: number }): Promise<Page<RelationshipRow>>;

  /** Users both follow publicly; users the viewer follows who follow that user publicly; users one may know. */
  mutuals(request: { userId: UserId; viewer: UserId; limit: number }): Promise<{ userIds: UserId[] }>;
  followersYouKnow(request: {
    userId: UserId;
    viewer: UserId;
    limit: number;
  }): Promise<{ userIds: UserId[] }>;
  suggestions(request: { viewer: UserId; limit: number }): Promise<{ suggestions: Suggestion[] }>;

  /** Public follower counts (the same for everyone). At most 1,000. */
  followerCounts(request: { userIds: UserId[] }): Promise<{ userId: UserId; followers: number }[]>;

  /** Internal: everybody that somebody follows (at most 5,000), muted or not, with the edge's snowflake and whether
   * their reposts are wanted. */
  followeesOf(request: {
    follower: UserId;
  }): Promise<{ followees: { userId: UserId; id: Snowflake; muted: boolean; repostsHidden: boolean }[] }>;
  /** Internal: followers in userId order, private ones too. `after`: the last of the page before, 0 at first. */
  followerIds(request: {
    followee: UserId;
    after: UserId;
    limit: number;
  }): Promise<{ userIds: UserId[]; next: UserId | null }>;
  /** Internal: does `follower` follow each of these, privately or not; the ones that hold. At most 1,000 pairs. */
  follows(request: {
    pairs: { follower: UserId; followee: UserId }[];
  }): Promise<{ follower: UserId; followee: UserId; id: Snowflake; private: boolean }[]>;
  /**
   * Internal: everybody who publicly follows somebody, or asked to, newest first, hidden users too: for rebuilding
   * views, which must not depend on who is hidden just then.
   */
  relationshipsTo(request: {
    userId: UserId;
    kind: 'follow' | 'request';
    before: Snowflake | null;
    limit: number;
  }): Promise<Page<RelationshipRow>>;
  /** Internal: the viewer's newest 1,000 periods that have ended, in no order: for what turns up afterwards. */
  hiddenPeriods(request: { viewer: UserId }): Promise<{ periods: HiddenPeriod[] }>;
  /** Internal: all users in userId order, for rebuilding views. */
  scanUsers(request: { after: UserId; limit: number }): Promise<{
    users: { userId: UserId; protected: boolean; state: AccountState; followers: number }[];
    next: UserId | null;
  }>;
  /** Ends some of somebody's follows, blocks, mutes and requests, either way. Call until `done`. */
  eraseUser(request: { userId: UserId; limit: number; traceId: string }): Promise<{ done: boolean }>;
}
