/** Turns events into the text of a stream (html.spec.whatwg.org, server-sent events). */
import type { Static } from 'typebox';
import type { UserId } from '#domain/ids.ts';
import type { Notifications } from '#notifications/notifications.ts';
import type { Social } from '#social/social.ts';
import { serializeNotification } from '../routes/notifications-routes.ts';
import type { StreamEvents } from '../schemas/stream.ts';
import { createSerializers } from '../serializers.ts';
import type { Entry } from './event-log.ts';

export interface EventTextDeps {
  social: Pick<Social, 'view'>;
  notifications: Pick<Notifications, 'get' | 'unread'>;
}

/**
 * The text that a user may see of some entries *now*: tweets of users whom they follow and neither mute nor block,
 * the current notification, the counts once. Throws if that cannot be determined; then nothing may be sent.
 */
export function createEventText({ social, notifications }: EventTextDeps) {
  const serializers = createSerializers();

  async function followed(user: UserId, entries: readonly Entry[]): Promise<Set<UserId>> {
    const authors = new Set<UserId>();
    for (const entry of entries) if (entry.type === 'tweet') authors.add(entry.userId);
    if (authors.size === 0) return authors;
    const views = await social.view({ viewer: user, userIds: [...authors] });
    const shown = views.filter(
      (view) =>
        view.state === 'active' && view.following && !view.muting && !view.blocking && !view.blockedBy,
    );
    return new Set(shown.map(({ userId }) => userId));
  }

  async function textOf(user: UserId, entry: Entry, id: string, shown: Set<UserId>): Promise<string> {
    switch (entry.type) {
      case 'tweet': {
        const { tweetId, userId, time } = entry;
        if (!shown.has(userId)) return '';
        const data = { tweetId: String(tweetId), userId: String(userId), time: new Date(time).toISOString() };
        return eventText('tweet', id, data);
      }
      case 'delete':
        return eventText('delete', id, { tweetId: String(entry.tweetId) });
      case 'notification': {
        if (entry.id === null) return '';
        const { notification, users: profiles } = await notifications.get({ userId: user, id: entry.id });
        if (notification === null) return '';
        const users = serializers.users(profiles);
        return eventText('notification', id, { ...serializeNotification(serializers, notification), users });
      }
      case 'counts': {
        const { unread } = await notifications.unread({ userId: user });
        return eventText('counts', id, { unread });
      }
    }
  }

  /** `idOf(index)`: the id of the entry at that index. */
  return async (
    user: UserId,
    entries: readonly Entry[],
    idOf: (index: number) => string,
  ): Promise<string> => {
    const shown = await followed(user, entries);
    const lastCounts = entries.findLastIndex(({ type }) => type === 'counts');
    let text = '';
    for (const [index, entry] of entries.entries()) {
      if (entry.type === 'counts' && index !== lastCounts) continue;
      text += await textOf(user, entry, idOf(index), shown);
    }
    return text;
  };
}

type Events = Static<typeof StreamEvents>;

/** One event, of its schema. `data` is JSON, so it contains no line break. */
export function eventText<Name extends keyof Events>(type: Name, id: string, data: Events[Name]): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
