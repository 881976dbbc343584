/**
 * The rules of relationships, as decisions over facts: pure functions without a store. Each gets what is and says what shall
 * be, or throws what the caller is told. Whoever acts is `actor`, whoever it is about is `other`; `outgoing` is the relationship
 * from the actor to the other, `incoming` the one back.
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

/** Throws where the actor may not act any more, so that nothing comes back after an erasure has removed it. */
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

/** As {@link visibleOther}, for somebody whom the actor may have blocked already. */
function blockableOther({ other, incoming }: RelationshipPair): StoredUser {
  if (other === null || other.state !== 'active' || incoming.block !== null) throw hidden();
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

/** What is left of a relationship when a follow or a request ends. */
const unfollowed = (relationship: Relationship): Relationship => ({
  ...relationship,
  follow: null,
  request: null,
  hiddenReposts: null,
});

/** Ends a follow or a request, whoever the other is by now. */
export function decideUnfollow({ outgoing }: RelationshipPair): Relationship {
  return unfollowed(outgoing);
}

/** Takes a follower away; a private one, of whom nobody knows, stays. */
export function decideRemoveFollower({ incoming }: RelationshipPair): Relationship {
  return incoming.follow?.private === false ? unfollowed(incoming) : incoming;
}

/** Whether the reposts of somebody followed are shown in the home of `actor`. Throws not_found where `actor` does not follow. */
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
 * The answer of `actor` to the request of `other`. Approving a second time is a success; only a *public* follow may tell
 * the two apart, so that nobody finds a private one by approving.
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

/** Blocks: ends follows and requests both ways. Mutes stay, and unblocking brings nothing back. */
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
  /** The mute's or block's snowflake; null: it did not stand. */
  since: Snowflake | null;
  mint: Mint;
}
type Hidden = (HiddenPeriod & { viewer: UserId })[];

/** What the other did while they were muted. */
export function endOfMute({ actor, other, since, mint }: Ending): Hidden {
  return since === null ? [] : [{ viewer: actor, userId: other, since, until: mint() }];
}

/** A block hid each of the two from the other. */
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
