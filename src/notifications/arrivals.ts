/** How the notifications that a commit adds arrived. */
import type { UserId } from '#domain/ids.ts';
import type { NotificationChange, StoredNotification } from './notifications-store.ts';

export type Provenance = Pick<StoredNotification, 'arrival' | 'suppressed'>;
/** To be asked only for recipients of what is added. */
export type ProvenanceOf = (recipient: UserId) => Provenance;

/** A recipient's newest arrival number. */
export interface Arrival {
  recipient: UserId;
  newest: number;
}

/** From the log: all that one commit tells a recipient has one arrival number, above those of earlier commits. */
export function provenanceOfCommit(raised: readonly Arrival[]): ProvenanceOf {
  const arrivals = new Map(raised.map(({ recipient, newest }) => [recipient, newest]));
  return (recipient) => ({ arrival: arrivals.get(recipient)!, suppressed: false });
}

/** From a scan: it was there before every snapshot in use. `suppressed`: its recipient did not want to be told. */
export function provenanceOfScan(suppressed: boolean): ProvenanceOf {
  const provenance = { arrival: 0, suppressed };
  return () => provenance;
}

/** Whoever these changes may tell something new; some more than once. */
export function recipientsOf(changes: readonly NotificationChange[]): UserId[] {
  return changes.flatMap((one) => {
    if (one.change === 'add') return one.notification.recipient;
    return one.change === 'replaceFollow' && one.notification !== null ? one.recipient : [];
  });
}
