/**
 * What whoever runs a server does about its accounts. Plain-JSON methods, so that a socket or a wire carries them as
 * they are. Each change is in the audit log, in the same commit, with who did it, from where and why.
 */
import type { UserId } from '#domain/ids.ts';
import type { SignUpMode } from '#domain/names.ts';
import type { StoredState } from './accounts-store.ts';
import type { AuditEntry } from './audit.ts';

/** Who acts, from where and why, for the audit log. */
export interface Actor {
  by: string;
  from: string;
  reason: string;
}

export interface AccountSummary {
  userId: UserId;
  handle: string;
  state: StoredState;
  /** Since when it is in that state (ms since 1970). */
  since: number;
  created: number;
  moderator: boolean;
}
export interface AccountDetails extends AccountSummary {
  name: string;
  /** It has a one-time password and its owner has not chosen another one. */
  oneTimePassword: boolean;
  /** Every handle that it has or had, in lower case, with when it was taken; newest first. */
  handles: { handle: string; since: number }[];
  /** Last used first. */
  sessions: { id: string; created: number; lastUsed: number; device: string }[];
}

export interface Invite {
  inviteId: string;
  created: number;
  expires: number;
  usesLeft: number;
}

export interface Administration {
  /** Accounts in userId order. `next`: `after` of the page that follows; null at the end. At most 1,000. */
  accounts(request: {
    state: StoredState | null;
    moderators: boolean;
    /** Only handles that begin with this, ignoring case. */
    handlePrefix: string;
    after: UserId;
    limit: number;
  }): Promise<{ accounts: AccountSummary[]; next: UserId | null }>;
  /** Whose a handle is now, whatever the state of the account. Throws not_found. */
  byHandle(request: { handle: string }): Promise<AccountSummary>;
  /** Throws not_found. */
  account(request: { userId: UserId }): Promise<AccountDetails>;
  /**
   * Ends somebody's sessions and hides them; again: a success. `subject`: what led to it, for the audit log. Throws
   * not_found.
   */
  suspend(request: { userId: UserId; subject?: string } & Actor): Promise<void>;
  /** Lets them back in; again: a success. Throws not_found. */
  reinstate(request: { userId: UserId } & Actor): Promise<void>;
  /** Signs somebody out everywhere. Throws not_found. */
  endSessions(request: { userId: UserId } & Actor): Promise<{ ended: number }>;
  /**
   * Gives somebody a one-time password and signs them out everywhere. It signs in once, until `until` (ms since 1970),
   * and is then good only for choosing another one. It is shown this once. Throws not_found, overloaded.
   */
  resetPassword(request: { userId: UserId } & Actor): Promise<{ password: string; until: number }>;
  /** The handle before stays theirs for ever. Throws not_found, handle_taken, invalid_request. */
  changeHandle(request: { userId: UserId; handle: string } & Actor): Promise<void>;
  /** Makes somebody a moderator, or no moderator; again: a success. Throws not_found. */
  setModerator(request: { userId: UserId; moderator: boolean } & Actor): Promise<void>;
  /** Whether an active account has the role. */
  isModerator(request: { userId: UserId }): Promise<boolean>;

  signUpMode(): Promise<{ mode: SignUpMode }>;
  setSignUpMode(request: { mode: SignUpMode } & Actor): Promise<void>;
  /** A code for `uses` sign-ups within `valid_ms`; it is shown this once. Throws invalid_request where there are too many. */
  invite(request: { uses: number; valid_ms: number } & Actor): Promise<Invite & { code: string }>;
  /** Those that can still be used, newest first. At most 1,000. */
  invites(): Promise<{ invites: Invite[] }>;
  /** Throws not_found. */
  removeInvite(request: { inviteId: string } & Actor): Promise<void>;

  /** Appends to the audit log what another service is about to do. */
  record(request: { action: string; userId: UserId | null; subject: string } & Actor): Promise<void>;
  /** Newest first, below `before`. At most 1,000. */
  auditLog(request: { before: number | null; limit: number }): Promise<{ entries: AuditEntry[] }>;
}
