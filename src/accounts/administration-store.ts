/**
 * The part of the accounts store that administration needs: accounts in lists, what a host changes about one, and who
 * may sign up. As in `accounts-store.ts` every method is one atomic, durable step, with its audit entry in it.
 */
import type { UserId } from '#domain/ids.ts';
import type { AccountState, SignUpMode } from '#domain/names.ts';
import type { AccountRow, StoredState } from './accounts-store.ts';
import type { AuditEntry } from './audit.ts';

export interface InviteRow {
  inviteId: number;
  /** Milliseconds since 1970. */
  created: number;
  expires: number;
  /** Sign-ups that it is still good for. */
  usesLeft: number;
}

export interface AccountsQuery {
  state: StoredState | null;
  moderators: boolean;
  /** Only handles that begin with this, ignoring case; '': all. */
  handlePrefix: string;
  after: UserId;
  /** Accounts that are looked at, whether they are among those or not: bounds the work. */
  looksAt: number;
}

export interface AdministrationStore {
  /** In userId order. A page may be short, even empty, before the end, which `next` null says. */
  accounts(query: AccountsQuery): Promise<{ accounts: AccountRow[]; next: UserId | null }>;
  /** Every handle that the account has or had, in lower case, with when it was taken (ms); newest first. */
  handlesOf(request: { userId: UserId }): Promise<{ handle: string; since: number }[]>;
  /**
   * Gives an account another handle; the one before stays its own for ever, so it may be taken back. `taken`: it is or
   * was somebody else's. `absent`: there is no such account, or it is being erased.
   */
  changeHandle(request: {
    userId: UserId;
    handle: string;
    time: number;
    audit: AuditEntry;
  }): Promise<'changed' | 'taken' | 'absent'>;
  /**
   * Sets the hash of a one-time password and ends every session. It opens one session, until `until` (ms), and is good
   * afterwards only for choosing another password. A `passwordChanged` notice with the id of the audit entry is written in
   * the same step. False, and nothing done, where the account is neither active nor suspended.
   */
  resetPassword(request: {
    userId: UserId;
    passwordHash: string;
    until: number;
    audit: AuditEntry;
  }): Promise<boolean>;
  /** Ends every session; says how many there were. */
  endSessions(request: { userId: UserId; audit: AuditEntry }): Promise<number>;
  /** Gives or takes the role. False, and nothing done, where the account is neither active nor suspended. */
  setModerator(request: { userId: UserId; moderator: boolean; audit: AuditEntry }): Promise<boolean>;

  /**
   * Accounts whose state or handle the social service may not have heard of since it changed. A change of either puts
   * the account among them, in the same step.
   */
  unannounced(request: { after: UserId; limit: number }): Promise<UserId[]>;
  /** Takes an account out of them, if it has this state and handle still. */
  announced(request: { userId: UserId; state: AccountState; handle: string }): Promise<void>;

  /** `open` until it is set. */
  signUpMode(): Promise<SignUpMode>;
  setSignUpMode(request: { mode: SignUpMode; audit: AuditEntry }): Promise<void>;
  /** `codeHash`: SHA-256 of the code in hexadecimal. False, and nothing done, where there are `maxInvites` already. */
  addInvite(request: {
    invite: InviteRow & { codeHash: string };
    maxInvites: number;
    audit: AuditEntry;
  }): Promise<boolean>;
  /** Those that can still be used at `now`, newest first. */
  invites(request: { now: number; limit: number }): Promise<InviteRow[]>;
  /** False, and nothing done, where there is none. */
  removeInvite(request: { inviteId: number; audit: AuditEntry }): Promise<boolean>;
  /** Whether a code can be used at `now`. Only {@link AccountsStore.reserve} uses it up. */
  inviteHolds(request: { codeHash: string; now: number }): Promise<boolean>;
}
