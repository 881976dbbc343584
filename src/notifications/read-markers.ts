/** Marking notifications as read. */
import { unlessDown } from '#domain/errors.ts';
import { firstSnowflakeAt, type Snowflake, type UserId } from '#domain/ids.ts';
import type { Clock } from '#platform/clock.ts';
import type { Timeline } from '#timeline/timeline.ts';
import { noticesAfter } from './account-notices.ts';
import type { AccountNotices } from './notifications.ts';
import type { NotificationsStore } from './notifications-store.ts';

export interface MarkReadDeps {
  store: Pick<NotificationsStore, 'arrival' | 'readMarker' | 'notifications' | 'addReadMarker'>;
  timeline: Pick<Timeline, 'newTweetsSince'>;
  accounts: AccountNotices;
  clock: Pick<Clock, 'now'>;
}

/**
 * Marks as read what is at or below `upTo` and is there now. What arrives later is above the marker's `arrival`, whatever
 * its id. New tweets and account notices have no arrival: for them, the marker ends at the newest of all ids so far, and
 * everything later has a higher id.
 */
export function createMarkRead({ store, timeline, accounts, clock }: MarkReadDeps) {
  /** At or above every id minted so far. */
  const newestId = () => firstSnowflakeAt(clock.now() + 1) - 1;

  /** The newest of the new tweets or, if the timeline does not answer, the highest id that the clock allows. */
  async function newestTweet(reader: UserId, after: Snowflake): Promise<Snowflake> {
    const answer = await unlessDown(timeline.newTweetsSince({ reader, after, limit: 1 }));
    if (answer === null || answer.partial) return newestId();
    return answer.activities[0]?.tweetId ?? 0;
  }

  /** The newest of the notices, likewise. */
  async function newestNotice(userId: UserId, after: Snowflake): Promise<Snowflake> {
    const notices = await noticesAfter(accounts, { userId, after });
    return notices === null ? newestId() : (notices[0]?.id ?? 0);
  }

  return async ({ userId, upTo }: { userId: UserId; upTo: Snowflake }): Promise<void> => {
    // This comes first: what arrives after it is not marked.
    const arrival = await store.arrival({ recipient: userId });
    const last = await store.readMarker({ userId });
    const notifications = await store.notifications({ recipient: userId, since: last });
    const newest = Math.max(
      last.highest,
      notifications[0]?.id ?? 0,
      await newestTweet(userId, last.highest),
      await newestNotice(userId, last.highest),
    );
    const end = Math.min(upTo, newest);
    if (end <= last.highest && !notifications.some(({ id }) => id <= end)) return;
    await store.addReadMarker({ userId, upTo: end, arrival });
  };
}
