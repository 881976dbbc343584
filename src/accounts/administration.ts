/**
 * What the administrator of a server can do about its accounts. Arguments and answers are plain JSON, so that a socket
 * can carry them. Each change is written to the audit log in the same commit, with who did it, from where and why.
 */
import type { UserId } from '#domain/ids.ts';
import type { SignUpMode } from '#domain/names.ts';
import type { StoredState } from './account-row.ts';
import type { AuditEntry } from './audit.ts';

/** For the audit log: who acts, from where and why. */
export interface Actor {
  by: string;
  from: string;
  reason: string;
}

export interface AccountSummary {
  userId: UserId;
  handle: string;
  state: StoredState;
  /** When it entered that state (ms since 1970). */
  since: number;
  created: number;
  moderator: boolean;
}
export interface AccountDetails extends AccountSummary {
  name: string;
  /** It has a one-time password, and its owner has not chosen another since. */
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
  /** The account that has a handle now, whatever its state. Throws not_found. */
  byHandle(request: { handle: string }): Promise<AccountSummary>;
  /** Throws not_found. */
  account(request: { userId: UserId }): Promise<AccountDetails>;
  /**
   * Ends the account's sessions and hides the user; succeeds when repeated. `subject`: what led to it, for the audit
   * log. Throws not_found.
   */
  suspend(request: { userId: UserId; subject?: string } & Actor): Promise<void>;
  /** Lifts a suspension; succeeds when repeated. Throws not_found. */
  reinstate(request: { userId: UserId } & Actor): Promise<void>;
  /** Ends all sessions of the account. Throws not_found. */
  endSessions(request: { userId: UserId } & Actor): Promise<{ ended: number }>;
  /**
   * Gives the account a one-time password and ends all its sessions. The password signs in once, until `until` (ms
   * since 1970), and then serves only to choose another. It is returned only here. Throws not_found, overloaded.
   */
  resetPassword(request: { userId: UserId } & Actor): Promise<{ password: string; until: number }>;
  /**
   * Changes the handle; the former one stays reserved for the account. Throws not_found, handle_taken,
   * invalid_request.
   */
  changeHandle(request: { userId: UserId; handle: string } & Actor): Promise<void>;
  /** Gives or takes the role of a moderator; succeeds when repeated. Throws not_found. */
  setModerator(request: { userId: UserId; moderator: boolean } & Actor): Promise<void>;
  /** Whether the account is active and has the role. */
  isModerator(request: { userId: UserId }): Promise<boolean>;

  signUpMode(): Promise<{ mode: SignUpMode }>;
  setSignUpMode(request: { mode: SignUpMode } & Actor): Promise<void>;
  /**
   * Creates a code for `uses` sign-ups within `valid_ms`, returned only here. Throws invalid_request where there are
   * too many.
   */
  invite(request: { uses: number; valid_ms: number } & Actor): Promise<Invite & { code: string }>;
  /** Invites that can still be used, newest first. At most 1,000. */
  invites(): Promise<{ invites: Invite[] }>;
  /** Throws not_found. */
  removeInvite(request: { inviteId: string } & Actor): Promise<void>;

  /** Appends to the audit log what another service is about to do. Durable when it resolves. */
  record(request: { action: string; userId: UserId | null; subject: string } & Actor): Promise<void>;
  /** Newest first, below `before`. At most 1,000. */
  auditLog(request: { before: number | null; limit: number }): Promise<{ entries: AuditEntry[] }>;
}
