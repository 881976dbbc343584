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
  /** Publishes to those of the recipients who are connected. */
  notify(notifications: readonly Notification[]): Promise<void>;
}

/** A change for a connected user: `notification` was added or removed. */
interface Hint {
  recipient: UserId;
  /** The notification that was added; null for a removal. */
  id: Snowflake | null;
  notification: Notification;
}

/**
 * The store of notifications, which publishes each commit to a live generation to the connected users whom it concerns.
 * A generation under construction changes nothing that anybody sees. A removal that removes nothing is not published: no
 * hint may give away a private follow, or an act of a user whom the recipient may not see.
 */
export function createLiveNotifier({
  views,
  notifications,
  social,
  pubsub,
  cooldown,
}: LiveNotifierDeps): LiveNotifier {
  /** The live generation of each partition that this process owns, as of its claim; a swap is followed by a new claim. */
  const liveGenerations = new Map<number, number>();

  /** Whom to tell of what, determined before the commit. */
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

  /** Publishes what the recipients may see. It never throws when a service is down: a hint may get lost. */
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
      // What was announced within the hour changes the counts and is not announced again.
      const heard = shown.map((hint) =>
        hint.id === null || cooldown.allows(hint.notification) ? hint : { ...hint, id: null },
      );
      // One hint for each group: a storm of likes in one commit shows as one.
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
