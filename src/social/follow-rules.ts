/**
 * The rules of relationships, as decisions over facts: pure functions without a store. Each gets what is and says what shall
 * be, or throws what the caller is told. Whoever acts is `me`, whoever it is about is `other`; `mine` is the relationship
 * from me to the other, `theirs` the one back.
 */
import { notFound, WarbleError } from '#domain/errors.ts';
import type { Snowflake, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { FollowState } from '#domain/names.ts';
import type { HiddenPeriod } from './social.ts';
import type { Relationship, StoredUser } from './social-store.ts';

/** Blocks, and mutes, that one user may have. */
export const MAX_BLOCKS = 10_000;

export interface RelationshipPair {
  me: StoredUser | null;
  other: StoredUser | null;
  mine: Relationship;
  theirs: Relationship;
}
export interface Relationships {
  mine: Relationship;
  theirs: Relationship;
}
type Mint = () => Snowflake;

/** Throws where the actor may not act any more, so that nothing comes back after an erasure has removed it. */
function activeActor({ me }: RelationshipPair): StoredUser {
  if (me === null || me.state !== 'active') throw new WarbleError('forbidden', 'This account is not active.');
  return me;
}

/** Throws not_found where the other is hidden from the actor. */
function visibleOther(pair: RelationshipPair): StoredUser {
  if (pair.mine.block !== null) throw hidden();
  return blockableOther(pair);
}

/** As {@link visibleOther}, for somebody whom the actor may have blocked already. */
function blockableOther({ other, theirs }: RelationshipPair): StoredUser {
  if (other === null || other.state !== 'active' || theirs.block !== null) throw hidden();
  return other;
}

const hidden = () => notFound('There is nobody with this id whom you may see.');

type Followee = Pick<StoredUser, 'protected' | 'protections'>;

/** A private follow has ended when its followee became protected, whether or not its row is gone already. */
export function activeFollow({ follow }: Relationship, followee: Followee): Relationship['follow'] {
  return follow?.private && follow.protections !== followee.protections ? null : follow;
}

/** A follow that begins now. */
function newFollow(wished: boolean, { protections }: Followee, mint: Mint): Relationship['follow'] {
  return wished ? { id: mint(), private: true, protections } : { id: mint(), private: false };
}

/**
 * A follow, a request, or the turn from public to private and back. Each turn gets a fresh id: what others see of a
 * public follow says nothing of a private one before it, and a told follow is no longer the one that stands.
 */
export function decideFollow(
  pair: RelationshipPair,
  { private: wished, mint }: { private: boolean; mint: Mint },
): { mine: Relationship; state: FollowState } {
  const me = activeActor(pair);
  const other = visibleOther(pair);
  const { mine } = pair;
  if (wished && other.protected) {
    throw new WarbleError(
      'protected_account',
      'This account is protected; send it a public request instead.',
    );
  }
  const active = activeFollow(mine, other);
  if (active !== null) {
    const follow = active.private === wished ? active : newFollow(wished, other, mint);
    return { mine: { ...mine, follow }, state: 'following' };
  }
  if (other.protected && mine.request !== null) return { mine, state: 'requested' };
  const held = mine.follow !== null || mine.request !== null ? 1 : 0;
  if (me.counts.outgoing - held >= LIMITS.followees) {
    throw new WarbleError(
      'invalid_request',
      `You follow or have asked to follow ${LIMITS.followees} users, which is the maximum; unfollow somebody first.`,
    );
  }
  if (other.protected) return { mine: { ...unfollowed(mine), request: mint() }, state: 'requested' };
  return { mine: { ...mine, follow: newFollow(wished, other, mint), request: null }, state: 'following' };
}

/** What is left of a relationship when a follow or a request ends. */
const unfollowed = (relationship: Relationship): Relationship => ({
  ...relationship,
  follow: null,
  request: null,
  hiddenReposts: null,
});

/** Ends a follow or a request, whoever the other is by now. */
export function decideUnfollow({ mine }: RelationshipPair): Relationship {
  return unfollowed(mine);
}

/** Takes a follower away; a private one, of whom nobody knows, stays. */
export function decideRemoveFollower({ theirs }: RelationshipPair): Relationship {
  return theirs.follow?.private === false ? unfollowed(theirs) : theirs;
}

/** Whether the reposts of somebody followed are shown in the home of `me`. Throws not_found where `me` does not follow. */
export function decideReposts(
  pair: RelationshipPair,
  { shown, mint }: { shown: boolean; mint: Mint },
): Relationship {
  activeActor(pair);
  const other = visibleOther(pair);
  const { mine } = pair;
  if (activeFollow(mine, other) === null) throw notFound('You do not follow this user.');
  if (shown) return { ...mine, hiddenReposts: null };
  return { ...mine, hiddenReposts: mine.hiddenReposts ?? mint() };
}

/**
 * The answer of `me` to the request of `other`. Approving a second time is a success; only a *public* follow may tell
 * the two apart, so that nobody finds a private one by approving.
 */
export function decideAnswer(
  pair: RelationshipPair,
  { approve, mint }: { approve: boolean; mint: Mint },
): Relationship {
  activeActor(pair);
  visibleOther(pair);
  const { theirs } = pair;
  if (theirs.request === null) {
    if (approve && theirs.follow?.private === false) return theirs;
    throw notFound('This user did not ask to follow you.');
  }
  return { ...theirs, follow: approve ? { id: mint(), private: false } : theirs.follow, request: null };
}

/** Blocks: ends follows and requests both ways. Mutes stay, and unblocking brings nothing back. */
export function decideBlock(pair: RelationshipPair, { mint }: { mint: Mint }): Relationships {
  const me = activeActor(pair);
  const { mine, theirs } = pair;
  blockableOther(pair);
  if (mine.block !== null) return { mine, theirs };
  refuseBeyond(me.counts.blocks, 'block');
  return {
    mine: { ...unfollowed(mine), block: mint() },
    theirs: unfollowed(theirs),
  };
}

export function decideMute(pair: RelationshipPair, { mint }: { mint: Mint }): Relationship {
  const me = activeActor(pair);
  const { mine } = pair;
  visibleOther(pair);
  if (mine.mute !== null) return mine;
  refuseBeyond(me.counts.mutes, 'mute');
  return { ...mine, mute: mint() };
}

interface Ending {
  me: UserId;
  other: UserId;
  /** The mute's or block's snowflake; null: it did not stand. */
  since: Snowflake | null;
  mint: Mint;
}
type Hidden = (HiddenPeriod & { viewer: UserId })[];

/** What the other did while they were muted. */
export function endOfMute({ me, other, since, mint }: Ending): Hidden {
  return since === null ? [] : [{ viewer: me, userId: other, since, until: mint() }];
}

/** A block hid each of the two from the other. */
export function endOfBlock({ me, other, since, mint }: Ending): Hidden {
  if (since === null) return [];
  const until = mint();
  return [
    { viewer: me, userId: other, since, until },
    { viewer: other, userId: me, since, until },
  ];
}

function refuseBeyond(count: number, verb: 'block' | 'mute'): void {
  if (count < MAX_BLOCKS) return;
  throw new WarbleError(
    'invalid_request',
    `You ${verb} ${MAX_BLOCKS} users, which is the maximum; un${verb} somebody first.`,
  );
}

/** A relationship to somebody who may have become public: that accepts a request. */
export function withRequestAccepted(
  relationship: Relationship,
  followee: Followee,
  mint: Mint,
): Relationship {
  if (followee.protected || relationship.request === null) return relationship;
  return { ...relationship, follow: { id: mint(), private: false }, request: null };
}

/** A relationship without a private follow that has ended. */
export function withoutEndedFollow(relationship: Relationship, followee: Followee): Relationship {
  return activeFollow(relationship, followee) === null && relationship.follow !== null
    ? unfollowed(relationship)
    : relationship;
}

/** Whether requests are left over that {@link withRequestAccepted} would accept. */
export function hasRequestsToAccept({ protected: locked, counts }: StoredUser): boolean {
  return !locked && counts.requesters > 0;
}
