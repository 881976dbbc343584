/**
 * The part of the accounts store for administration: lists of accounts, changes that a host makes to one, and who may
 * sign up. As in `accounts-store.ts`, every method is one atomic, durable step, which includes its audit entry.
 */
import type { UserId } from '#domain/ids.ts';
import type { AccountState, SignUpMode } from '#domain/names.ts';
import type { AccountRow, StoredState } from './account-row.ts';
import type { AuditEntry } from './audit.ts';

export interface InviteRow {
  inviteId: number;
  /** Milliseconds since 1970. */
  created: number;
  expires: number;
  /** How many sign-ups it is still good for. */
  usesLeft: number;
}

export interface AccountsQuery {
  state: StoredState | null;
  moderators: boolean;
  /** Only handles that begin with this, ignoring case; '': all. */
  handlePrefix: string;
  after: UserId;
  /** How many accounts are looked at, whether or not they match: bounds the work. */
  looksAt: number;
}

export interface AdministrationStore {
  /** In userId order. A page may be short, even empty, before the end, which `next` null says. */
  accounts(query: AccountsQuery): Promise<{ accounts: AccountRow[]; next: UserId | null }>;
  /** Every handle that the account has or had, in lower case, with when it was taken (ms), newest first. */
  handlesOf(request: { userId: UserId }): Promise<{ handle: string; since: number }[]>;
  /**
   * Changes an account's handle. The former handle stays reserved for the account, which may take it back. `taken`:
   * another account has or had the handle. `absent`: there is no such account, or it is being erased.
   */
  changeHandle(request: {
    userId: UserId;
    handle: string;
    time: number;
    audit: AuditEntry;
  }): Promise<'changed' | 'taken' | 'absent'>;
  /**
   * Sets the hash of a one-time password and ends every session. The password opens one session, until `until` (ms),
   * and afterwards serves only to choose another. Writes a `passwordChanged` notice with the id of the audit entry in
   * the same step. Returns false and does nothing where the account is neither active nor suspended.
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
   * Accounts whose present state or handle the social service may not know. A change of either adds the account, in
   * the same step.
   */
  unannounced(request: { after: UserId; limit: number }): Promise<UserId[]>;
  /** Removes an account from them, if it still has this state and handle. */
  announced(request: { userId: UserId; state: AccountState; handle: string }): Promise<void>;

  /** `open` until it is set. */
  signUpMode(): Promise<SignUpMode>;
  setSignUpMode(request: { mode: SignUpMode; audit: AuditEntry }): Promise<void>;
  /**
   * `codeHash`: SHA-256 of the code in hexadecimal. Returns false and does nothing where there are `maxInvites`
   * already.
   */
  addInvite(request: {
    invite: InviteRow & { codeHash: string };
    maxInvites: number;
    audit: AuditEntry;
  }): Promise<boolean>;
  /** Those that can still be used at `now`, newest first. */
  invites(request: { now: number; limit: number }): Promise<InviteRow[]>;
  /** False where there is none. */
  removeInvite(request: { inviteId: number; audit: AuditEntry }): Promise<boolean>;
  /** Whether a code can be used at `now`. Only {@link AccountsStore.reserve} uses it up. */
  inviteHolds(request: { codeHash: string; now: number }): Promise<boolean>;
}
