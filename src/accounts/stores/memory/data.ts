import type { UserId } from '#domain/ids.ts';
import type { SignUpMode } from '#domain/names.ts';
import type { MemoryCommits } from '#platform/memory-commits.ts';
import type { AccountRow } from '../../account-row.ts';
import type { SessionRow } from '../../accounts-store.ts';
import type { InviteRow } from '../../administration-store.ts';
import type { AuditEntry } from '../../audit.ts';
import { handleKey } from '../../handles.ts';
import type { MemoryNotices } from './notices.ts';

export interface StoredAccount extends Omit<AccountRow, 'oneTimePassword'> {
  /** For a one-time password; null where the owner chose the password. */
  oneTime: { until: number; isUsed: boolean } | null;
  /** The social service knows the present state and handle. */
  isAnnounced: boolean;
}

/**
 * The data that the parts of one store share. They change it inside `commits.write`, once nothing can fail any more.
 */
export interface AccountsData {
  commits: MemoryCommits;
  accounts: Map<UserId, StoredAccount>;
  /** By {@link handleKey}: the owner of every handle that was ever taken. */
  handles: Map<string, { userId: UserId; since: number }>;
  sessions: Map<number, SessionRow>;
  nextUserId: UserId;
  signUpMode: SignUpMode;
  /** By the hash of their code. */
  invites: Map<string, InviteRow>;
  /** The oldest first. */
  audit: AuditEntry[];
  notices: MemoryNotices;
  /** To be called inside a write with the user whose sessions it changes. */
  changed(userId: UserId): void;
}

export function rowOf({ oneTime, isAnnounced: _, ...row }: StoredAccount): AccountRow {
  return { ...row, oneTimePassword: oneTime !== null };
}

/** Accounts above a user id, in the order of their ids. */
export function accountsAbove({ accounts }: AccountsData, after: UserId): StoredAccount[] {
  return [...accounts.values()].filter(({ userId }) => userId > after).sort((a, b) => a.userId - b.userId);
}

/** An account that an administrator may change; undefined where there is none, or it is pending or being erased. */
export function changeable({ accounts }: AccountsData, userId: UserId): StoredAccount | undefined {
  const account = accounts.get(userId);
  return account?.state === 'active' || account?.state === 'suspended' ? account : undefined;
}

/** A user's sessions, the last used first. */
export function sessionsOf({ sessions }: AccountsData, userId: UserId): SessionRow[] {
  return [...sessions.values()]
    .filter((session) => session.userId === userId)
    .sort((a, b) => b.lastUsed - a.lastUsed || b.sessionId - a.sessionId);
}

/** Ends these sessions; returns how many there were. */
export function endSessions({ sessions, changed }: AccountsData, ended: readonly SessionRow[]): number {
  for (const { sessionId, userId } of ended) {
    sessions.delete(sessionId);
    changed(userId);
  }
  return ended.length;
}

export function ownerOf({ handles }: AccountsData, handle: string): UserId | undefined {
  return handles.get(handleKey(handle))?.userId;
}

/** Uses up one sign-up of an invite; false where it is not valid at `now`. */
export function takeInvite({ invites }: AccountsData, codeHash: string | undefined, now: number): boolean {
  const invite = codeHash === undefined ? undefined : invites.get(codeHash);
  if (invite === undefined || !holds(invite, now)) return false;
  invite.usesLeft--;
  return true;
}

export function holds({ expires, usesLeft }: InviteRow, now: number): boolean {
  return expires > now && usesLeft > 0;
}
