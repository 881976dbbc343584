import { unlessDown } from '#domain/errors.ts';
import type { Snowflake, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import { canReadUser, canSeeUser } from '#domain/visibility.ts';
import { inBatches } from '#platform/batches.ts';
import type { PubSub } from '#queue/pubsub.ts';
import type { ViewStore } from '#queue/view.ts';
import type { Social } from '#social/social.ts';
import type { LiveCooldown } from './live-cooldown.ts';
import type {
  Notification,
  NotificationChange,
  NotificationRecords,
  NotificationsPatch,
  StoredNotification,
} from './notifications-store.ts';
import { TYPE_RULES } from './type-rules.ts';

export interface LiveNotifierDeps {
  views: ViewStore<NotificationsPatch>;
  notifications: NotificationRecords['notifications'];
  social: Pick<Social, 'view'>;
  pubsub: PubSub;
  cooldown: LiveCooldown;
}

export interface LiveNotifier {
  views: ViewStore<NotificationsPatch>;
  /** Tells those of the recipients who are connected. */
  notify(notifications: readonly Notification[]): Promise<void>;
}

/** Something changed for somebody connected: `notification` was added, or goes. */
interface Hint {
  recipient: UserId;
  /** Of what was added; null where something goes. */
  id: Snowflake | null;
  notification: Notification;
}

/**
 * The notifications' store, that after each commit to a live generation tells the connected users whom it concerns. A
 * generation under construction changes nothing that anybody sees. A change that takes nothing back is not told of:
 * a private follow must not show by so much as a hint, nor must what those do whom the recipient is not shown.
 */
export function createLiveNotifier({
  views,
  notifications,
  social,
  pubsub,
  cooldown,
}: LiveNotifierDeps): LiveNotifier {
  /** The live generation of the partitions that this process owns, as of its claim; a swap is followed by another. */
  const liveGenerations = new Map<number, number>();

  /** Who will have to be told of what, as things stand before the commit. */
  async function hintsOf(changes: readonly NotificationChange[]): Promise<Hint[]> {
    const hints: Hint[] = [];
    const had = new Map<UserId, StoredNotification[]>();
    for (const change of changes) {
      const recipient = change.change === 'add' ? change.notification.recipient : change.recipient;
      if (!pubsub.hasSubscribers(recipient)) continue;
      const known = had.get(recipient) ?? (await notifications({ recipient }));
      had.set(recipient, known);
      hints.push(...hintsOfChange(change, recipient, known));
    }
    return hints;
  }

  /** Publishes what its recipients may know of. Never throws for a service that is down: a hint may be lost. */
  async function publish(hints: readonly Hint[]): Promise<void> {
    for (const [recipient, own] of Map.groupBy(hints, (hint) => hint.recipient)) {
      const userIds = [...new Set(own.map(({ notification }) => notification.actor))];
      const asked = inBatches(userIds, LIMITS.batch, (batch) =>
        social.view({ viewer: recipient, userIds: batch }),
      );
      const views = new Map((await unlessDown(asked))?.map((view) => [view.userId, view]));
      const shown = own.filter(({ notification }) => {
        const actor = views.get(notification.actor);
        if (actor === undefined || actor.muting) return false;
        return notification.tweetId === null ? canSeeUser(actor) : canReadUser(actor, recipient);
      });
      // What rang within the hour changes the counts and rings no more.
      const heard = shown.map((hint) =>
        hint.id === null || cooldown.allows(hint.notification) ? hint : { ...hint, id: null },
      );
      // One hint for what shows as one: a storm of likes in one commit is one group.
      const distinct = new Map(heard.map((hint) => [hintKey(hint), hint.id]));
      for (const id of distinct.values()) pubsub.publish(recipient, { type: 'notification', id });
    }
  }

  return {
    views: {
      ...views,
      async claim(partition) {
        const state = await views.claim(partition);
        liveGenerations.set(partition, state.live.generation);
        return state;
      },
      async commit(commit) {
        const isLive = liveGenerations.get(commit.partition) === commit.generation;
        const hints = isLive ? await hintsOf(commit.patch.changes) : [];
        const written = await views.commit(commit);
        if (written) await publish(hints);
        return written;
      },
    },
    async notify(added) {
      const heard = added.filter(({ recipient }) => pubsub.hasSubscribers(recipient));
      await publish(
        heard.map((notification) => ({
          recipient: notification.recipient,
          id: notification.id,
          notification,
        })),
      );
    },
  };
}

function hintKey({ id, notification: { type, tweetId } }: Hint): string {
  if (id === null) return 'gone';
  return TYPE_RULES[type].grouped ? `${type}/${tweetId}` : String(id);
}

function hintsOfChange(
  change: NotificationChange,
  recipient: UserId,
  had: readonly StoredNotification[],
): Hint[] {
  const added = change.change === 'add' || change.change === 'replaceFollow' ? change.notification : null;
  if (added !== null) {
    const known = had.some(({ id }) => id === added.id);
    return known ? [] : [{ recipient, id: added.id, notification: added }];
  }
  const going = had.filter((notification) => goes(notification, change));
  return going.map((notification) => ({ recipient, id: null, notification }));
}

function goes(notification: StoredNotification, change: NotificationChange): boolean {
  switch (change.change) {
    case 'add':
      return false;
    case 'remove':
      return notification.id === change.id;
    case 'removeTweet':
      return notification.tweetId === change.tweetId;
    case 'replaceFollow':
      return (
        notification.actor === change.actor &&
        (notification.type === 'follow' || notification.type === 'followRequest')
      );
  }
}
