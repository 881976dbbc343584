/**
 * The rules of ties, as decisions over facts: pure functions without a store. Each gets what is and says what shall
 * be, or throws what the caller is told. Whoever acts is `me`, whoever it is about is `other`; `mine` is the tie
 * from me to the other, `theirs` the one back.
 */

import { notFound, WarbleError } from '#domain/errors.ts';
import type { Snowflake, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { FollowState } from '#domain/names.ts';
import type { HiddenPeriod } from './social.ts';
import type { StoredUser, Tie } from './social-store.ts';

/** Blocks, and mutes, that one user may have. */
export const BLOCKS_MOST = 10_000;

export interface Between {
  me: StoredUser | null;
  other: StoredUser | null;
  mine: Tie;
  theirs: Tie;
}
export interface Ties {
  mine: Tie;
  theirs: Tie;
}
type Mint = () => Snowflake;

/** Throws where the actor may not act any more, so that nothing comes back after an erasure has removed it. */
function activeActor({ me }: Between): StoredUser {
  if (me === null || me.state !== 'active') throw new WarbleError('forbidden', 'This account is not active.');
  return me;
}

/** Throws not_found where the other is hidden from the actor. */
function visibleOther(between: Between): StoredUser {
  if (between.mine.block !== null) throw hidden();
  return blockableOther(between);
}

/** As {@link visibleOther}, for somebody whom the actor may have blocked already. */
function blockableOther({ other, theirs }: Between): StoredUser {
  if (other === null || other.state !== 'active' || theirs.block !== null) throw hidden();
  return other;
}

const hidden = () => notFound('There is nobody with this id whom you may see.');

type Followee = Pick<StoredUser, 'protected' | 'protections'>;

/** A private follow has ended when its followee became protected, whether or not its row is gone already. */
export function standingFollow({ follow }: Tie, followee: Followee): Tie['follow'] {
  return follow?.private && follow.protections !== followee.protections ? null : follow;
}

/** A follow that begins now. */
function newFollow(wished: boolean, { protections }: Followee, mint: Mint): Tie['follow'] {
  return wished ? { id: mint(), private: true, protections } : { id: mint(), private: false };
}

/**
 * A follow, a request, or the turn from public to private and back. Each turn gets a fresh id: what others see of a
 * public follow says nothing of a private one before it, and a told follow is no longer the one that stands.
 */
export function decideFollow(
  between: Between,
  { private: wished, mint }: { private: boolean; mint: Mint },
): { mine: Tie; state: FollowState } {
  const me = activeActor(between);
  const other = visibleOther(between);
  const { mine } = between;
  if (wished && other.protected) {
    throw new WarbleError(
      'protected_account',
      'This account is protected; send it a public request instead.',
    );
  }
  const standing = standingFollow(mine, other);
  if (standing !== null) {
    const follow = standing.private === wished ? standing : newFollow(wished, other, mint);
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

/** What is left of a tie when a follow or a request ends. */
const unfollowed = (tie: Tie): Tie => ({ ...tie, follow: null, request: null, hiddenReposts: null });

/** Ends a follow or a request, whoever the other is by now. */
export function decideUnfollow({ mine }: Between): Tie {
  return unfollowed(mine);
}

/** Takes a follower away; a private one, of whom nobody knows, stays. */
export function decideRemoveFollower({ theirs }: Between): Tie {
  return theirs.follow?.private === false ? unfollowed(theirs) : theirs;
}

/** Whether the reposts of somebody followed are shown in the home of `me`. Throws not_found where `me` does not follow. */
export function decideReposts(between: Between, { shown, mint }: { shown: boolean; mint: Mint }): Tie {
  activeActor(between);
  const other = visibleOther(between);
  const { mine } = between;
  if (standingFollow(mine, other) === null) throw notFound('You do not follow this user.');
  if (shown) return { ...mine, hiddenReposts: null };
  return { ...mine, hiddenReposts: mine.hiddenReposts ?? mint() };
}

/**
 * The answer of `me` to the request of `other`. Approving a second time is a success; only a *public* follow may tell
 * the two apart, so that nobody finds a private one by approving.
 */
export function decideAnswer(between: Between, { approve, mint }: { approve: boolean; mint: Mint }): Tie {
  activeActor(between);
  visibleOther(between);
  const { theirs } = between;
  if (theirs.request === null) {
    if (approve && theirs.follow?.private === false) return theirs;
    throw notFound('This user did not ask to follow you.');
  }
  return { ...theirs, follow: approve ? { id: mint(), private: false } : theirs.follow, request: null };
}

/** Blocks: ends follows and requests both ways. Mutes stay, and unblocking brings nothing back. */
export function decideBlock(between: Between, { mint }: { mint: Mint }): Ties {
  const me = activeActor(between);
  const { mine, theirs } = between;
  blockableOther(between);
  if (mine.block !== null) return { mine, theirs };
  refuseBeyond(me.counts.blocks, 'block');
  return {
    mine: { ...unfollowed(mine), block: mint() },
    theirs: unfollowed(theirs),
  };
}

export function decideMute(between: Between, { mint }: { mint: Mint }): Tie {
  const me = activeActor(between);
  const { mine } = between;
  visibleOther(between);
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
  if (count < BLOCKS_MOST) return;
  throw new WarbleError(
    'invalid_request',
    `You ${verb} ${BLOCKS_MOST} users, which is the maximum; un${verb} somebody first.`,
  );
}

/** A tie to somebody who may have become public: that accepts a request. */
export function acceptedTie(tie: Tie, followee: Followee, mint: Mint): Tie {
  if (followee.protected || tie.request === null) return tie;
  return { ...tie, follow: { id: mint(), private: false }, request: null };
}

/** A tie without a private follow that has ended. */
export function endedTie(tie: Tie, followee: Followee): Tie {
  return standingFollow(tie, followee) === null && tie.follow !== null ? unfollowed(tie) : tie;
}

/** Whether requests are left over that {@link acceptedTie} would accept. */
export function hasRequestsToAccept({ protected: locked, counts }: StoredUser): boolean {
  return !locked && counts.requesters > 0;
}
