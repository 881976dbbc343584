/**
 * Where accounts and sessions are kept. Every method is one atomic, durable step; where two race, one of them
 * happens first. Times are milliseconds since 1970; handles are compared ignoring case.
 */
import type { Snowflake, UserId } from '#domain/ids.ts';
import { ACCOUNT_STATES, type AccountState } from '#domain/names.ts';
import type { ChangeSource } from '#platform/change-clock.ts';
import type { AccountNotice } from './accounts.ts';
import type { AdministrationStore } from './administration-store.ts';
import type { AuditEntry, AuditLog } from './audit.ts';

/** `pending`: signed up, but the social service may not know the user yet; never shown outside. */
export const STORED_STATES = ['pending', ...ACCOUNT_STATES] as const;
export type StoredState = (typeof STORED_STATES)[number];

export interface NewAccount {
  userId: UserId;
  handle: string;
  name: string;
  passwordHash: string;
  created: number;
}
export interface AccountRow extends NewAccount {
  state: StoredState;
  /** Since when it is in that state. */
  since: number;
  moderator: boolean;
  /** Its password is one that an administrator gave it, and no other was chosen since. */
  oneTimePassword: boolean;
}

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

/** Newest notices kept per user, and devices from which they signed in last. */
export const MAX_NOTICES = 100;
export const MAX_KNOWN_DEVICES = 50;

/** `closed`, `no_invite`: who may sign up (`signUpMode`) says that nobody may, or only with a code that holds. */
export type Reserved = 'reserved' | 'taken' | 'closed' | 'no_invite';

export interface AccountsStore extends AdministrationStore {
  /** Tells of users of whom a session ended or was used, or whose sessions hold no more. */
  readonly changes: ChangeSource;

  /** Takes `count` user ids that nobody had, `first` and those after it. Never the same again, from 1. */
  allocateUserIds(request: { count: number }): Promise<{ first: UserId }>;
  /**
   * Keeps a pending account and its handle for ever, using up the invite where one is needed. `taken`, and nothing
   * kept, where the handle was ever somebody's.
   */
  reserve(account: NewAccount & { inviteHash?: string | undefined }): Promise<Reserved>;
  /** The account that has the handle now. */
  byHandle(request: { handle: string }): Promise<AccountRow | undefined>;
  byId(request: { userId: UserId }): Promise<AccountRow | undefined>;
  /** Pending or erasing accounts in userId order. */
  unfinished(request: {
    state: 'pending' | 'erasing';
    /** Only those in that state since before this. */
    before: number;
    after: UserId;
    limit: number;
  }): Promise<AccountRow[]>;
  /** Makes a pending account active; any other stays as it is. */
  activate(request: { userId: UserId; time: number }): Promise<void>;
  /**
   * Adds a session if the account still has this password hash and is active or pending (and is then active);
   * of more than `maxSessions` sessions the ones used longest ago end. A one-time password opens one session, before it
   * expires. False, and nothing done, otherwise.
   *
   * The device of the session (see `deviceKey`) becomes known. Where the user knew others but not this one, a
   * `signIn` notice with the session's id is written in the same step. Known devices outlive their sessions.
   */
  openSession(request: { session: NewSession; passwordHash: string; maxSessions: number }): Promise<boolean>;
  /**
   * Exchanges the password hash, ends every other session, and writes a `passwordChanged` notice. False, and nothing
   * done, where `from` is not current.
   */
  changePassword(request: {
    userId: UserId;
    from: string;
    to: string;
    keepSession: number;
    noticeId: Snowflake;
  }): Promise<boolean>;
  /**
   * Moves an account from one of the states to another; ends its sessions unless it becomes active, deletes its notices
   * and known devices where it is to be erased, and writes the audit entry, in the same step. False, and nothing done, where it was in none of `from`.
   */
  setState(request: {
    userId: UserId;
    from: readonly StoredState[];
    to: AccountState;
    time: number;
    audit: AuditEntry | null;
  }): Promise<boolean>;
  /**
   * From erasing to erased: name and password hash are overwritten, late notices deleted; the handle stays taken.
   * Again: nothing.
   */
  erase(request: { userId: UserId; time: number }): Promise<void>;

  /** Notices above `after`, newest first; at most {@link MAX_NOTICES}. */
  notices(request: { userId: UserId; after: Snowflake }): Promise<AccountNotice[]>;

  /** The session of a token, where its account is active. */
  sessionByToken(request: { tokenHash: string }): Promise<SessionRow | undefined>;
  /** Last used first. */
  sessionsOf(request: { userId: UserId }): Promise<SessionRow[]>;
  /** Those of the sessions that have not ended. At most 1,000. */
  activeSessions(request: { sessionIds: number[] }): Promise<number[]>;
  /** Ends a session of that user; what is not there is passed over. */
  endSession(request: { userId: UserId; sessionId: number }): Promise<void>;
  /** Notes when sessions were last used; it never goes back, and ended sessions are passed over. At most 1,000. */
  touch(request: { sessions: { tokenHash: string; lastUsed: number }[] }): Promise<void>;
  /** Ends some sessions last used at or before one time, or begun at or before the other; true: there may be more. */
  dropEnded(request: { usedBefore: number; begunBefore: number; limit: number }): Promise<boolean>;

  /** The secret of that name; `fresh` becomes it where there is none yet. */
  secret(request: { name: string; fresh: Buffer }): Promise<Buffer>;
}

/**
 * What opening the store gives: one handle. Several may be open on one backend, and what one writes, all read. The
 * entries of the audit log are written in the steps of the accounts, so both are of one backend; who opens that (see
 * `openGatewayDb`), for other stores too, keeps its high-water mark and closes it.
 */
export interface OpenedAccountsStore {
  accounts: AccountsStore;
  audit: AuditLog;
}
