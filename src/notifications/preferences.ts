/** Whether a user wants a notification, decided when it is written: settings, audiences, muted threads. */
import type { UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import { inBatches } from '#platform/batches.ts';
import type { Social } from '#social/social.ts';
import { isOn, settingsWith } from './notification-settings.ts';
import type { NotificationSettings } from './notifications.ts';
import type { Notification, NotificationFacts } from './notifications-store.ts';

export interface Preferences {
  /** The notifications that their recipients want, as the same objects. */
  wanted(notifications: readonly Notification[]): Promise<Set<Notification>>;
}

export interface PreferencesDeps {
  store: Pick<NotificationFacts, 'settings' | 'mutedThreads'>;
  social: Pick<Social, 'follows'>;
}

export function createPreferences({ store, social }: PreferencesDeps): Preferences {
  async function settingsOf(
    notifications: readonly Notification[],
  ): Promise<(userId: UserId) => NotificationSettings> {
    const userIds = [...new Set(notifications.map(({ recipient }) => recipient))];
    const changed = await inBatches(userIds, LIMITS.batch, (batch) => store.settings({ userIds: batch }));
    const settings = new Map(changed.map(({ userId, changes }) => [userId, settingsWith(changes)]));
    const defaults = settingsWith(undefined);
    return (userId) => settings.get(userId) ?? defaults;
  }

  /** The notifications whose thread is not muted. */
  async function unmuted(notifications: readonly Notification[]): Promise<Notification[]> {
    const pairs = notifications.flatMap(({ recipient, tweetId }) =>
      tweetId === null ? [] : [{ userId: recipient, tweetId }],
    );
    const muted = await inBatches(pairs, LIMITS.batch, (batch) => store.mutedThreads({ pairs: batch }));
    const keys = new Set(muted.map(({ userId, tweetId }) => `${userId}/${tweetId}`));
    return notifications.filter(({ recipient, tweetId }) => !keys.has(`${recipient}/${tweetId}`));
  }

  /** The notifications whose recipient follows the actor, publicly or privately. */
  async function followed(notifications: readonly Notification[]): Promise<Set<string>> {
    const pairs = notifications.map(({ recipient, actor }) => ({ follower: recipient, followee: actor }));
    const edges = await inBatches(pairs, LIMITS.batch, (batch) => social.follows({ pairs: batch }));
    return new Set(edges.map(({ follower, followee }) => `${follower}/${followee}`));
  }

  return {
    async wanted(notifications) {
      if (notifications.length === 0) return new Set();
      const settings = await settingsOf(notifications);
      const wanted = await unmuted(
        notifications.filter((notification) => isOn(settings(notification.recipient)[notification.type])),
      );
      // Only tweets of followees notify; a bell on another user has no effect until the follow.
      const onlyFollowed = (notification: Notification) =>
        notification.type === 'tweet' ||
        settings(notification.recipient)[notification.type].audience === 'following';
      const follows = await followed(wanted.filter(onlyFollowed));
      return new Set(
        wanted.filter(
          (notification) =>
            !onlyFollowed(notification) || follows.has(`${notification.recipient}/${notification.actor}`),
        ),
      );
    },
  };
}
