import type { AccountRow } from '../../account-row.ts';

/** The columns of an {@link AccountRow}, from which `rowOf` makes one. */
export const ACCOUNT_COLUMNS = `user_id AS userId, handle, name, password_hash AS passwordHash, state, since, created,
  moderator, one_time AS oneTime`;

interface Columns extends Omit<AccountRow, 'moderator' | 'oneTimePassword'> {
  moderator: number;
  oneTime: number;
}

export function rowOf(columns: unknown): AccountRow {
  const { moderator, oneTime, ...row } = columns as Columns;
  return { ...row, moderator: moderator === 1, oneTimePassword: oneTime !== 0 };
}
