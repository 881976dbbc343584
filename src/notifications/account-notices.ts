/**
 * Notices that users get about their own accounts. They are read from the accounts service, so no notification is stored
 * for them, no setting applies, and nothing has to be rebuilt. As with new tweets, ids decide what is read, because they
 * never go back.
 */
import type { AccountNotice } from '#accounts/accounts.ts';
import { unlessDown } from '#domain/errors.ts';
import { type Snowflake, snowflakeTime, type UserId } from '#domain/ids.ts';
import type { AccountNotices } from './notifications.ts';
import type { PresentedNotification } from './notifications-page.ts';
import type { ReadMarker } from './notifications-store.ts';

/** For a system without accounts. */
export const NO_ACCOUNT_NOTICES: AccountNotices = { notices: async () => [] };

/** Newest first; null: the accounts service did not answer. */
export function noticesAfter(
  accounts: AccountNotices,
  request: { userId: UserId; after: Snowflake },
): Promise<AccountNotice[] | null> {
  return unlessDown(accounts.notices(request));
}

export function countUnreadNotices(notices: readonly AccountNotice[] | null, marker: ReadMarker): number {
  return (notices ?? []).filter(({ id }) => id > marker.highest).length;
}

export function presentNotice({ id, type }: AccountNotice, marker: ReadMarker): PresentedNotification {
  const about = { actors: [], actorCount: 0, tweetId: null, commentId: null };
  return {
    notification: { id, type, ...about, time: snowflakeTime(id), read: id <= marker.highest },
    users: [],
  };
}
