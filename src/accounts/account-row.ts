/** An account as the store keeps it. */
import type { UserId } from '#domain/ids.ts';
import { ACCOUNT_STATES } from '#domain/names.ts';

/** `pending`: signed up, but the social service may not know the user yet; never visible to clients. */
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
  /** When it entered that state. */
  since: number;
  moderator: boolean;
  /** Its password was set by an administrator, and its owner has not chosen another since. */
  oneTimePassword: boolean;
}
