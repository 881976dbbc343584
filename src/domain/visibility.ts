/**
 * Who may see whom: the one rule, which every service asks when something is read. It fails closed: a user whose facts
 * could not be read has none, and is not shown.
 */
import type { UserId } from './ids.ts';
import type { AccountState } from './names.ts';

/** What of a user, and of how a viewer stands to them, decides whether they are shown. */
export interface VisibilityFacts {
  userId: UserId;
  state: AccountState;
  protected: boolean;
  /** The viewer follows them, publicly or privately. */
  following: boolean;
  blocking: boolean;
  blockedBy: boolean;
}

/** May this viewer see that the user exists? */
export function canSeeUser(facts: VisibilityFacts): boolean {
  return canSeeBlockedUser(facts) && !facts.blocking;
}

/** May this viewer be shown whom they blocked, so as to know whom to unblock? Nobody sees who blocks them. */
export function canSeeBlockedUser(facts: VisibilityFacts): boolean {
  return facts.state === 'active' && !facts.blockedBy;
}

/**
 * May this viewer read what the user wrote, see what they did (a like, a comment, a repost), and whom they follow and
 * who follows them? Counts are the same for everybody and know no viewer.
 */
export function canReadUser(facts: VisibilityFacts, viewer: UserId | null): boolean {
  return canSeeUser(facts) && (!facts.protected || facts.following || facts.userId === viewer);
}
