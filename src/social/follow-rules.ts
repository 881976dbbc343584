/**
 * The rules of relationships, as pure functions over facts, without a store. Each takes the present relationships and
 * returns the new ones, or throws the error that the caller gets. `actor` is the user who acts and `other` the user
 * whom it is about; `outgoing` is the relationship from the actor to the other, `incoming` the one back.
 */
import { notFound, WarbleError } from '#domain/errors.ts';
import type { Snowflake, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { FollowState } from '#domain/names.ts';
import type { HiddenPeriod } from './social.ts';
import type { Relationship, StoredUser } from './social-store.ts';

/** The number of blocks, and of mutes, that one user may have. */
export const MAX_BLOCKS = 10_000;

export interface RelationshipPair {
  actor: StoredUser | null;
  other: StoredUser | null;
  outgoing: Relationship;
  incoming: Relationship;
}
export interface Relationships {
  outgoing: Relationship;
  incoming: Relationship;
}
type Mint = () => Snowflake;

/** Throws where the actor is not active, so that nothing is written again after an erasure has removed it. */
function activeActor({ actor }: RelationshipPair): StoredUser {
  if (actor === null || actor.state !== 'active')
    throw new WarbleError('forbidden', 'This account is not active.');
  return actor;
}

/** Throws not_found where the other is hidden from the actor. */
function visibleOther(pair: RelationshipPair): StoredUser {
  if (pair.outgoing.block !== null) throw hidden();
  return blockableOther(pair);
}

/** As {@link visibleOther}, but allows a user whom the actor has already blocked. */
function blockableOther({ other, incoming }: RelationshipPair): StoredUser {
  if (other === null || other.state !== 'active' || incoming.block !== null) throw hidden();
  return other;
}

const hidden = () => notFound('There is nobody with this id whom you may see.');

type Followee = Pick<StoredUser, 'protected' | 'protections'>;

/**
 * The follow, unless it is private and its followee has become protected since: it has then ended, even while its row
 * still exists.
 */
export function activeFollow({ follow }: Relationship, followee: Followee): Relationship['follow'] {
  return follow?.private && follow.protections !== followee.protections ? null : follow;
}

/** A follow that begins now. */
function newFollow(wished: boolean, { protections }: Followee, mint: Mint): Relationship['follow'] {
  return wished ? { id: mint(), private: true, protections } : { id: mint(), private: false };
}

/**
 * A follow, a request, or a change between public and private. Each change gives the follow a new id, so that a public
 * follow reveals nothing of a private one before it, and so that a follow of which the followee was notified is not
 * taken for the present one.
 */
export function decideFollow(
  pair: RelationshipPair,
  { private: wished, mint }: { private: boolean; mint: Mint },
): { outgoing: Relationship; state: FollowState } {
  const actor = activeActor(pair);
  const other = visibleOther(pair);
  const { outgoing } = pair;
  if (wished && other.protected) {
    throw new WarbleError(
      'protected_account',
      'This account is protected; send it a public request instead.',
    );
  }
  const active = activeFollow(outgoing, other);
  if (active !== null) {
    const follow = active.private === wished ? active : newFollow(wished, other, mint);
    return { outgoing: { ...outgoing, follow }, state: 'following' };
  }
  if (other.protected && outgoing.request !== null) return { outgoing, state: 'requested' };
  const held = outgoing.follow !== null || outgoing.request !== null ? 1 : 0;
  if (actor.counts.outgoing - held >= LIMITS.followees) {
    throw new WarbleError(
      'invalid_request',
      `You follow or have asked to follow ${LIMITS.followees} users, which is the maximum; unfollow somebody first.`,
    );
  }
  if (other.protected) return { outgoing: { ...unfollowed(outgoing), request: mint() }, state: 'requested' };
  return {
    outgoing: { ...outgoing, follow: newFollow(wished, other, mint), request: null },
    state: 'following',
  };
}

/** The relationship without its follow or request. */
const unfollowed = (relationship: Relationship): Relationship => ({
  ...relationship,
  follow: null,
  request: null,
  hiddenReposts: null,
});

/** Ends a follow or a request, whatever state the other account is in. */
export function decideUnfollow({ outgoing }: RelationshipPair): Relationship {
  return unfollowed(outgoing);
}

/** Removes a public follower. A private follow stays, as nobody may learn of it. */
export function decideRemoveFollower({ incoming }: RelationshipPair): Relationship {
  return incoming.follow?.private === false ? unfollowed(incoming) : incoming;
}

/** Shows or hides the followee's reposts in the actor's home. Throws not_found where the actor does not follow them. */
export function decideReposts(
  pair: RelationshipPair,
  { shown, mint }: { shown: boolean; mint: Mint },
): Relationship {
  activeActor(pair);
  const other = visibleOther(pair);
  const { outgoing } = pair;
  if (activeFollow(outgoing, other) === null) throw notFound('You do not follow this user.');
  if (shown) return { ...outgoing, hiddenReposts: null };
  return { ...outgoing, hiddenReposts: outgoing.hiddenReposts ?? mint() };
}

/**
 * The actor's answer to a request of `other`. Approving a second time succeeds, but only where there is a *public*
 * follow: otherwise approving would reveal a private one.
 */
export function decideAnswer(
  pair: RelationshipPair,
  { approve, mint }: { approve: boolean; mint: Mint },
): Relationship {
  activeActor(pair);
  visibleOther(pair);
  const { incoming } = pair;
  if (incoming.request === null) {
    if (approve && incoming.follow?.private === false) return incoming;
    throw notFound('This user did not ask to follow you.');
  }
  return { ...incoming, follow: approve ? { id: mint(), private: false } : incoming.follow, request: null };
}

/** Blocks the other, and ends follows and requests both ways. Mutes stay, and unblocking restores nothing. */
export function decideBlock(pair: RelationshipPair, { mint }: { mint: Mint }): Relationships {
  const actor = activeActor(pair);
  const { outgoing, incoming } = pair;
  blockableOther(pair);
  if (outgoing.block !== null) return { outgoing, incoming };
  refuseBeyond(actor.counts.blocks, 'block');
  return {
    outgoing: { ...unfollowed(outgoing), block: mint() },
    incoming: unfollowed(incoming),
  };
}

export function decideMute(pair: RelationshipPair, { mint }: { mint: Mint }): Relationship {
  const actor = activeActor(pair);
  const { outgoing } = pair;
  visibleOther(pair);
  if (outgoing.mute !== null) return outgoing;
  refuseBeyond(actor.counts.mutes, 'mute');
  return { ...outgoing, mute: mint() };
}

interface Ending {
  actor: UserId;
  other: UserId;
  /** The id of the mute or block; null where there was none. */
  since: Snowflake | null;
  mint: Mint;
}
type Hidden = (HiddenPeriod & { viewer: UserId })[];

/** The period in which the other was muted. */
export function endOfMute({ actor, other, since, mint }: Ending): Hidden {
  return since === null ? [] : [{ viewer: actor, userId: other, since, until: mint() }];
}

/** The period of a block, once for each of the two, as it hid them from each other. */
export function endOfBlock({ actor, other, since, mint }: Ending): Hidden {
  if (since === null) return [];
  const until = mint();
  return [
    { viewer: actor, userId: other, since, until },
    { viewer: other, userId: actor, since, until },
  ];
}

function refuseBeyond(count: number, verb: 'block' | 'mute'): void {
  if (count < MAX_BLOCKS) return;
  throw new WarbleError(
    'invalid_request',
    `You ${verb} ${MAX_BLOCKS} users, which is the maximum; un${verb} somebody first.`,
  );
}

/** The relationship with its request accepted, if the followee is not protected any more. */
export function withRequestAccepted(
  relationship: Relationship,
  followee: Followee,
  mint: Mint,
): Relationship {
  if (followee.protected || relationship.request === null) return relationship;
  return { ...relationship, follow: { id: mint(), private: false }, request: null };
}

/** The relationship without its private follow, if that has ended. */
export function withoutEndedFollow(relationship: Relationship, followee: Followee): Relationship {
  return activeFollow(relationship, followee) === null && relationship.follow !== null
    ? unfollowed(relationship)
    : relationship;
}

/** Whether there are requests that {@link withRequestAccepted} would accept. */
export function hasRequestsToAccept({ protected: locked, counts }: StoredUser): boolean {
  return !locked && counts.requesters > 0;
}
