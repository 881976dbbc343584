/**
 * Accounts: who has which handle and password, who is signed in where, and how an account ends. The gateway's own;
 * profiles are the social service's.
 */
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { AccountNoticeType } from '#domain/names.ts';

/** Something about somebody's account that its owner is told. */
export interface AccountNotice {
  id: Snowflake;
  type: AccountNoticeType;
}

/** A sign-in that holds: what a token stands for. `sessionId` is a decimal string, unique among all sessions. */
export interface Session {
  userId: UserId;
  sessionId: string;
}

/** From where a password comes. */
export interface Client {
  /** The address that the request counts for; those of one address take turns. */
  address: string;
  /** Whose page sent it, where that is another site's. */
  site?: string | null;
  /** Aborts when the client has left: a password whose turn has not come is then not looked at. */
  signal?: AbortSignal;
}

export interface SignedIn {
  userId: UserId;
  sessionId: string;
  /** 256 random bits in base64url; shown this once, kept only as a hash. */
  token: string;
  /** When it ends if it is not used before (ms since 1970). */
  expires: number;
}

export interface SessionInfo {
  id: string;
  /** Milliseconds since 1970. */
  created: number;
  lastUsed: number;
  /** When it ends if it is not used before; never more than a year after it began. */
  expires: number;
  /** What the client called itself, at most 120 characters. */
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
   * Makes an account and signs it in; the user is known to the social service, durably, when it resolves.
   * `invite`: the code, where signing up needs one. Throws handle_taken, invalid_request (handle, password or name
   * refused), sign_up_closed, invalid_invite, rate_limited, overloaded, unavailable.
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
   * Throws `unauthenticated` for an unknown handle and a wrong password, alike and after the same work;
   * `forbidden` for a suspended account; rate_limited after too many wrong passwords; overloaded, unavailable.
   */
  logIn(request: { handle: string; password: string; device: string; client: Client }): Promise<SignedIn>;
  /** Ends this session; again: a success. */
  logOut(session: Session): Promise<void>;
  /** The session of a token. Throws `unauthenticated` where it is none, has ended or its account is not active. */
  authenticate(token: string): Promise<Session>;
  /**
   * Ends every other session, and is a notice. Throws `forbidden` where `current` is wrong, invalid_request where `next` is refused,
   * which is told first; rate_limited, overloaded.
   */
  changePassword(request: { session: Session; current: string; next: string; client: Client }): Promise<void>;
  /** Throws not_found. */
  account(request: { userId: UserId }): Promise<AccountInfo>;
  /**
   * What the owner is told about the account, above `after`, newest first, at most 100: sign-ins from devices that were
   * new, each with the id of its session, and changed passwords.
   */
  notices(request: { userId: UserId; after: Snowflake }): Promise<AccountNotice[]>;
  /** Last used first. */
  sessions(session: Session): Promise<SessionInfo[]>;
  /** Ends one of one's own sessions; what is not there is a success too. */
  endSession(request: { userId: UserId; sessionId: string }): Promise<void>;
  /** Which of these sessions hold still; at most 1,000. For streams, which outlive the request that opened them. */
  activeSessions(request: { sessions: Session[] }): Promise<Session[]>;
  /**
   * Hides the account at once, ends its sessions and lets it be erased in the background. Throws `forbidden` where
   * the password is wrong; `unavailable` where it could not be hidden yet, which then happens by itself; rate_limited,
   * overloaded.
   */
  remove(request: { session: Session; password: string; client: Client }): Promise<void>;
  /** 32 secret bytes of that name, made once and the same ever after, for signing cursors and the like. */
  secret(name: string): Promise<Buffer>;
}
