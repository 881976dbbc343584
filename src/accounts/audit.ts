/** The log of what administrators and moderators did: append-only. */
import type { Snowflake, UserId } from '#domain/ids.ts';

export interface AuditEntry {
  /** Orders the log. */
  id: Snowflake;
  /** Milliseconds since 1970. */
  time: number;
  /** Who did it: the login name of an administrator, or a moderator as `@handle (id 7)`. */
  by: string;
  /** From where: `socket` or `command line` of a machine, or the address of a request. */
  from: string;
  /** What was done, as `subject.verb`: `account.suspended`, `tweet.removed`. */
  action: string;
  /** The user whom it concerns; null for none. */
  userId: UserId | null;
  /** What else it concerns, as `tweet 123`; '' for nothing. */
  subject: string;
  /** The reason, and other details. At most 1,000 characters; never a password, a token or a private text. */
  detail: string;
}

export interface AuditLog {
  /** Appends; durable when it resolves. */
  record(entry: AuditEntry): Promise<void>;
  /** Newest first. `before`: only entries with an id below this. */
  list(request: { before: number | null; limit: number }): Promise<AuditEntry[]>;
}
