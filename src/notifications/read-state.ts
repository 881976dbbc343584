/**
 * Which of a user's notifications are read. This follows from facts alone (the read markers, and who was hidden when) and
 * from how a notification arrived, which survives a rebuild. It never depends on when a fold or a read happens to run.
 */
import type { UserId } from '#domain/ids.ts';
import type { HiddenPeriod } from '#social/social.ts';
import type { ReadMarker, StoredNotification } from './notifications-store.ts';

export interface ReadState {
  /** What made the notification read: notifications of one tweet that the same thing made read form one group. */
  readBy(notification: StoredNotification): ReadBy;
  isRead(notification: StoredNotification): boolean;
}

/** Empty: nothing made it read. */
export type ReadBy = string;
export const UNREAD: ReadBy = '';

/**
 * A notification is read
 * - by the first marker that is at or above it and was set after it arrived;
 * - from the beginning, if the actor was hidden from the recipient (muted, or blocked either way) when it happened and is
 *   not any more; what happened before that is unchanged;
 * - from the beginning, if the recipient did not want to be told and only a rebuild found it.
 *
 * `markers` in the order in which they were set.
 */
export function createReadState(
  markers: readonly ReadMarker[],
  hidden: ReadonlyMap<UserId, HiddenPeriod[]>,
): ReadState {
  function readBy(notification: StoredNotification): ReadBy {
    if (notification.suppressed) return 'suppressed';
    const period = periodOf(hidden, notification);
    if (period !== undefined) return `hidden ${period.since}`;
    for (let i = 0; i < markers.length; i++) {
      const { upTo, arrival, number } = markers[i]!;
      if (notification.id <= upTo && notification.arrival <= arrival) return `marker ${number}`;
    }
    return UNREAD;
  }
  return { readBy, isRead: (notification) => readBy(notification) !== UNREAD };
}

/** The period in which the actor was hidden and did this, if any. */
export function periodOf(
  hidden: ReadonlyMap<UserId, HiddenPeriod[]>,
  { actor, id }: { actor: UserId; id: number },
): HiddenPeriod | undefined {
  return hidden.get(actor)?.find(({ since, until }) => since < id && id < until);
}
