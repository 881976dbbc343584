/** Whether somebody wants to be told, decided when an item is written: settings, audiences, muted threads. */
import type { UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import { inBatches } from '#platform/batches.ts';
import type { Social } from '#social/social.ts';
import { isOn, settingsWith } from './notification-settings.ts';
import type { NotificationSettings } from './notifications.ts';
import type { Item, NotificationFacts } from './notifications-store.ts';

export interface Permissions {
  /** Those of the items whose recipients want them, by identity. */
  permit(items: readonly Item[]): Promise<Set<Item>>;
}

export interface PermissionsDeps {
  store: Pick<NotificationFacts, 'settings' | 'mutedThreads'>;
  social: Pick<Social, 'edges'>;
}

export function createPermissions({ store, social }: PermissionsDeps): Permissions {
  async function settingsOf(items: readonly Item[]): Promise<(userId: UserId) => NotificationSettings> {
    const userIds = [...new Set(items.map(({ recipient }) => recipient))];
    const changed = await inBatches(userIds, LIMITS.batch, (batch) => store.settings({ userIds: batch }));
    const settings = new Map(changed.map(({ userId, changes }) => [userId, settingsWith(changes)]));
    const defaults = settingsWith(undefined);
    return (userId) => settings.get(userId) ?? defaults;
  }

  /** Those whose thread is not muted. */
  async function unmuted(items: readonly Item[]): Promise<Item[]> {
    const pairs = items.flatMap(({ recipient, tweetId }) =>
      tweetId === null ? [] : [{ userId: recipient, tweetId }],
    );
    const muted = await inBatches(pairs, LIMITS.batch, (batch) => store.mutedThreads({ pairs: batch }));
    const keys = new Set(muted.map(({ userId, tweetId }) => `${userId}/${tweetId}`));
    return items.filter(({ recipient, tweetId }) => !keys.has(`${recipient}/${tweetId}`));
  }

  /** Those whose recipient follows the actor, publicly or not. */
  async function followed(items: readonly Item[]): Promise<Set<string>> {
    const pairs = items.map(({ recipient, actor }) => ({ follower: recipient, followee: actor }));
    const edges = await inBatches(pairs, LIMITS.batch, (batch) => social.edges({ pairs: batch }));
    return new Set(edges.map(({ follower, followee }) => `${follower}/${followee}`));
  }

  return {
    async permit(items) {
      if (items.length === 0) return new Set();
      const settings = await settingsOf(items);
      const wanted = await unmuted(items.filter((item) => isOn(settings(item.recipient)[item.type])));
      // Tweets come from people followed only; a bell set on somebody else rests until the follow.
      const onlyFollowed = (item: Item) =>
        item.type === 'tweet' || settings(item.recipient)[item.type].audience === 'following';
      const follows = await followed(wanted.filter(onlyFollowed));
      return new Set(
        wanted.filter((item) => !onlyFollowed(item) || follows.has(`${item.recipient}/${item.actor}`)),
      );
    },
  };
}
