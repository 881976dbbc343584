/**
 * The port of the accounts store: accounts and sessions. Every method is one atomic, durable step, and concurrent
 * calls are serialised. Times are milliseconds since 1970; handles are compared ignoring case.
 */
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { AccountState } from '#domain/names.ts';
import type { ChangeSource } from '#platform/change-source.ts';
import type { AccountRow, NewAccount, StoredState } from './account-row.ts';
import type { AccountNotice } from './accounts.ts';
import type { AdministrationStore } from './administration-store.ts';
import type { AuditEntry, AuditLog } from './audit.ts';

export interface NewSession {
  sessionId: number;
  userId: UserId;
  /** SHA-256 of the token in hexadecimal. */
  tokenHash: string;
  created: number;
  device: string;
}
export interface SessionRow extends NewSession {
  lastUsed: number;
}

/** How many notices are kept per user (the newest), and how many devices (the last used). */
export const MAX_NOTICES = 100;
export const MAX_KNOWN_DEVICES = 50;

/** `closed`: `signUpMode` lets nobody sign up. `no_invite`: it asks for a valid invite code, and this is none. */
export type Reserved = 'reserved' | 'taken' | 'closed' | 'no_invite';

export interface AccountsStore extends AdministrationStore {
  /** Announces users whose sessions were used or ended, or are no longer valid. */
  readonly changes: ChangeSource;

  /** Allocates `count` consecutive user ids from `first` on, starting with 1. No id is allocated twice. */
  allocateUserIds(request: { count: number }): Promise<{ first: UserId }>;
  /**
   * Reserves the handle for good with a pending account, using up the invite where one is needed. `taken`, and nothing
   * kept, where any account has or had the handle.
   */
  reserve(account: NewAccount & { inviteHash?: string | undefined }): Promise<Reserved>;
  /** The account that has the handle now. */
  byHandle(request: { handle: string }): Promise<AccountRow | undefined>;
  byId(request: { userId: UserId }): Promise<AccountRow | undefined>;
  /** Pending or erasing accounts in userId order. */
  unfinished(request: {
    state: 'pending' | 'erasing';
    /** Only accounts that entered the state before this. */
    before: number;
    after: UserId;
    limit: number;
  }): Promise<AccountRow[]>;
  /** Makes a pending account active; any other is unchanged. */
  activate(request: { userId: UserId; time: number }): Promise<void>;
  /**
   * Adds a session if the account still has this password hash and is active or pending, and makes it active. Of more
   * than `maxSessions` sessions, the least recently used end. A one-time password opens one session, before it
   * expires. Otherwise returns false and does nothing.
   *
   * The device of the session (see `deviceKey`) becomes known. Where the user knew others but not this one, a
   * `signIn` notice with the session's id is written in the same step. Known devices outlive their sessions.
   */
  openSession(request: { session: NewSession; passwordHash: string; maxSessions: number }): Promise<boolean>;
  /**
   * Replaces the password hash, ends every other session, and writes a `passwordChanged` notice. Returns false and
   * does nothing where `from` is not the current hash.
   */
  changePassword(request: {
    userId: UserId;
    from: string;
    to: string;
    keepSession: number;
    noticeId: Snowflake;
  }): Promise<boolean>;
  /**
   * Moves an account from one of the states to another. In the same step it ends the account's sessions unless it
   * becomes active, deletes its notices and known devices if it is to be erased, and writes the audit entry. Returns
   * false and does nothing where the account is in none of the states `from`.
   */
  setState(request: {
    userId: UserId;
    from: readonly StoredState[];
    to: AccountState;
    time: number;
    audit: AuditEntry | null;
  }): Promise<boolean>;
  /**
   * Moves an account from erasing to erased: overwrites its name and password hash and deletes late notices. Its
   * handle stays taken. Does nothing when repeated.
   */
  erase(request: { userId: UserId; time: number }): Promise<void>;

  /** Notices above `after`, newest first; at most {@link MAX_NOTICES}. */
  notices(request: { userId: UserId; after: Snowflake }): Promise<AccountNotice[]>;

  /** The session of a token, if its account is active. */
  sessionByToken(request: { tokenHash: string }): Promise<SessionRow | undefined>;
  /** Last used first. */
  sessionsOf(request: { userId: UserId }): Promise<SessionRow[]>;
  /** Those of the sessions that have not ended. At most 1,000. */
  activeSessions(request: { sessionIds: number[] }): Promise<number[]>;
  /** Ends a session of the user; does nothing where there is none. */
  endSession(request: { userId: UserId; sessionId: number }): Promise<void>;
  /** Records when sessions were last used. The time never goes back, and ended sessions are skipped. At most 1,000. */
  touch(request: { sessions: { tokenHash: string; lastUsed: number }[] }): Promise<void>;
  /**
   * Ends some sessions that were last used at or before one time, or began at or before the other. True: there may be
   * more.
   */
  dropEnded(request: { usedBefore: number; begunBefore: number; limit: number }): Promise<boolean>;

  /** The secret with that name; `fresh` becomes the secret where there is none yet. */
  secret(request: { name: string; fresh: Buffer }): Promise<Buffer>;
}

/**
 * One open handle. Several may be open on one backend, and each reads what any of them writes. Audit entries are
 * written in the same steps as changes of accounts, so both stores share a backend; `openGatewayDb` opens it, also for
 * other stores, keeps its high-water mark and closes it.
 */
export interface OpenedAccountsStore {
  accounts: AccountsStore;
  audit: AuditLog;
}
