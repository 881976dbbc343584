/**
 * Who may see whom: the one rule that every service applies when something is read. It fails closed: a user whose
 * facts could not be read is not shown.
 */
import type { UserId } from './ids.ts';
import type { AccountState } from './names.ts';

/** The facts about a user, and their relationship with the viewer, that decide whether the user is shown. */
export interface VisibilityFacts {
  userId: UserId;
  state: AccountState;
  protected: boolean;
  /** The viewer follows the user, publicly or privately. */
  following: boolean;
  blocking: boolean;
  blockedBy: boolean;
}

/** May this viewer see that the user exists? */
export function canSeeUser(facts: VisibilityFacts): boolean {
  return canSeeBlockedUser(facts) && !facts.blocking;
}

/** May this viewer be shown a user whom they blocked, so as to be able to unblock them? Nobody sees who blocks them. */
export function canSeeBlockedUser(facts: VisibilityFacts): boolean {
  return facts.state === 'active' && !facts.blockedBy;
}

/**
 * May this viewer see what the user wrote and did (likes, comments, reposts), and the user's followers and followees?
 * Counts do not depend on the viewer.
 */
export function canReadUser(facts: VisibilityFacts, viewer: UserId | null): boolean {
  return canSeeUser(facts) && (!facts.protected || facts.following || facts.userId === viewer);
}
