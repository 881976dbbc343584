/**
 * Accounts: handles, passwords, sessions, and how an account ends. Profiles belong to the social service.
 */
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { AccountNoticeType } from '#domain/names.ts';

/** Something about an account that its owner is notified of. */
export interface AccountNotice {
  id: Snowflake;
  type: AccountNoticeType;
}

/** A valid session, as a token identifies it. `sessionId` is a decimal string, unique among all sessions. */
export interface Session {
  userId: UserId;
  sessionId: string;
}

/** Where a password was sent from. */
export interface Client {
  /** The address that the request is counted for; requests of one address are handled in turn. */
  address: string;
  /** The site whose page sent the request, if it was another one than ours. */
  site?: string | null;
  /** Aborts when the client disconnects: a password that is still queued is then not checked. */
  signal?: AbortSignal;
}

export interface SignedIn {
  userId: UserId;
  sessionId: string;
  /** 256 random bits in base64url; returned only here, and stored only as a hash. */
  token: string;
  /** When it ends if it is not used until then (ms since 1970). */
  expires: number;
}

export interface SessionInfo {
  id: string;
  /** Milliseconds since 1970. */
  created: number;
  lastUsed: number;
  /** When it ends if it is not used until then; never more than a year after it began. */
  expires: number;
  /** The client's own description (User-Agent), at most 120 characters. */
  device: string;
  current: boolean;
}

export interface AccountInfo {
  userId: UserId;
  handle: string;
  /** Milliseconds since 1970. */
  created: number;
  /** May see reports and resolve them. */
  moderator: boolean;
}

export interface Accounts {
  /**
   * Creates an account and signs it in. The social service knows the user, durably, when it resolves. `invite`: the
   * code, where signing up needs one. Throws handle_taken, invalid_request (handle, password or name refused),
   * sign_up_closed, invalid_invite, rate_limited, overloaded, unavailable.
   */
  signUp(request: {
    handle: string;
    password: string;
    name: string;
    device: string;
    invite?: string | undefined;
    client: Client;
  }): Promise<SignedIn>;
  /**
   * Throws `unauthenticated` for an unknown handle and for a wrong password, with the same answer after the same work;
   * `forbidden` for a suspended account; rate_limited after too many wrong passwords; overloaded, unavailable.
   */
  logIn(request: { handle: string; password: string; device: string; client: Client }): Promise<SignedIn>;
  /** Ends this session; succeeds when repeated. */
  logOut(session: Session): Promise<void>;
  /**
   * The session of a token. Throws `unauthenticated` where the token is invalid, the session has ended, or the account
   * is not active.
   */
  authenticate(token: string): Promise<Session>;
  /**
   * Changes the password, ends every other session and leaves a notice. Throws invalid_request where `next` is
   * refused, which is checked first; `forbidden` where `current` is wrong; rate_limited, overloaded.
   */
  changePassword(request: { session: Session; current: string; next: string; client: Client }): Promise<void>;
  /** Throws not_found. */
  account(request: { userId: UserId }): Promise<AccountInfo>;
  /**
   * The account's notices above `after`, newest first, at most 100: sign-ins from new devices, each with the id of its
   * session, and changed passwords.
   */
  notices(request: { userId: UserId; after: Snowflake }): Promise<AccountNotice[]>;
  /** Last used first. */
  sessions(session: Session): Promise<SessionInfo[]>;
  /** Ends one of the user's own sessions; succeeds where there is none. */
  endSession(request: { userId: UserId; sessionId: string }): Promise<void>;
  /**
   * Those of the sessions that are still valid; at most 1,000. For streams, which outlive the request that opened
   * them.
   */
  activeSessions(request: { sessions: Session[] }): Promise<Session[]>;
  /**
   * Hides the account at once, ends its sessions and has it erased in the background. Throws `forbidden` where the
   * password is wrong; `unavailable` where the account could not be hidden yet, which then happens in the background;
   * rate_limited, overloaded.
   */
  remove(request: { session: Session; password: string; client: Client }): Promise<void>;
  /** 32 secret bytes with that name, created once and the same ever after, for sealing cursors and the like. */
  secret(name: string): Promise<Buffer>;
}
