/**
 * What of somebody's notifications is read. It follows from facts alone (the read markers, and when whom was hidden),
 * and from how a notification came, which survives a rebuild; never from when a fold or a read happens to run.
 */
import type { UserId } from '#domain/ids.ts';
import type { HiddenPeriod } from '#social/social.ts';
import type { ReadMarker, StoredNotification } from './notifications-store.ts';

export interface ReadState {
  /** What made the notification be read: notifications of one tweet read by the same thing stand in one group. */
  readBy(notification: StoredNotification): ReadBy;
  isRead(notification: StoredNotification): boolean;
}

/** Empty: nothing did. */
export type ReadBy = string;
export const UNREAD: ReadBy = '';

/**
 * A notification is read
 * - by the first marker that names it or something newer, and was set when it had arrived;
 * - from the beginning, where its actor was hidden from the recipient when it happened, and is no more: muted, or
 *   blocked one way or the other. What happened before is as it was;
 * - from the beginning, where the recipient did not want to be told, and only a rebuild found it.
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

/** The period in which the actor was hidden and did this, if there is one. */
export function periodOf(
  hidden: ReadonlyMap<UserId, HiddenPeriod[]>,
  { actor, id }: { actor: UserId; id: number },
): HiddenPeriod | undefined {
  return hidden.get(actor)?.find(({ since, until }) => since < id && id < until);
}
