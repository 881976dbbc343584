/** What administrators and moderators did: written once, never changed. */
import type { UserId } from '#contract/ids.ts';

export interface AuditEntry {
  /** Milliseconds since 1970. */
  time: number;
  /** Who did it, as they are known to the host: a login name, or `system`. */
  by: string;
  /** What was done, as `subject.verb`: `account.suspended`, `tweet.removed`. */
  action: string;
  /** Whom it concerns; null: nobody. */
  userId: UserId | null;
  /** Why, and what else there is to know. At most 1,000 characters; never a password, a token or a private text. */
  detail: string;
}
export interface AuditRow extends AuditEntry {
  /** Its place in the log, from 1. */
  id: number;
}

export interface AuditLog {
  /** Appends; durable when it resolves. */
  record(entry: AuditEntry): Promise<void>;
  /** Newest first. `before`: only entries with an id below this. */
  list(request: { before: number | null; limit: number }): Promise<AuditRow[]>;
}
