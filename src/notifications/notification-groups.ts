/**
 * How notifications become what a user sees. Likes of one tweet form one group while they are unread, as do its reposts,
 * and follows; afterwards they stay together with those that were read at the same time. What made a notification read
 * decides to which group it belongs (`read-state.ts`).
 */
import { type Snowflake, snowflakeTime, type TweetId, type UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { NotificationType } from '#domain/names.ts';
import type { NotificationView } from './notifications.ts';
import type { Notification, StoredNotification } from './notifications-store.ts';
import type { ReadBy } from './read-state.ts';
import { TYPE_RULES } from './type-rules.ts';

export type Member = Pick<Notification, 'id' | 'type' | 'tweetId' | 'commentId' | 'actor'>;

export interface NotificationGroup<M extends Member = Member> {
  /** The newest member's. */
  id: Snowflake;
  type: NotificationType;
  /** Newest first. */
  members: M[];
}

/** Groups notifications, newest first. Groups come in the order of their newest members. */
export function groupNotifications(
  notifications: readonly StoredNotification[],
  readBy: (notification: StoredNotification) => ReadBy,
): NotificationGroup<StoredNotification>[] {
  const groups = new Map<string | number, NotificationGroup<StoredNotification>>();
  for (const notification of notifications) {
    const key = groupKey(notification, readBy);
    const group = groups.get(key);
    if (group === undefined)
      groups.set(key, { id: notification.id, type: notification.type, members: [notification] });
    else group.members.push(notification);
  }
  return [...groups.values()];
}

/** Most notifications stand alone, so a thousand of them are not checked for what made them read. */
function groupKey(
  notification: StoredNotification,
  readBy: (notification: StoredNotification) => ReadBy,
): string | number {
  const { id, type, tweetId } = notification;
  return TYPE_RULES[type].grouped ? `${type}/${tweetId}/${readBy(notification)}` : id;
}

/** The part of a group that may be shown; undefined if there is none. */
export function visiblePart<M extends Member>(
  { type, members }: NotificationGroup<M>,
  shows: (member: M) => boolean,
): NotificationGroup<M> | undefined {
  const shown = members.filter(shows);
  return shown.length === 0 ? undefined : { id: shown[0]!.id, type, members: shown };
}

/** Cuts groups into chunks of at least `atLeast` members together. */
export function* chunksOf<M extends Member>(
  groups: readonly NotificationGroup<M>[],
  atLeast: number,
): Generator<NotificationGroup<M>[]> {
  let chunk: NotificationGroup<M>[] = [];
  let members = 0;
  for (const group of groups) {
    chunk.push(group);
    members += group.members.length;
    if (members < atLeast) continue;
    yield chunk;
    chunk = [];
    members = 0;
  }
  if (chunk.length > 0) yield chunk;
}

/** The tweets of followed users since the read marker, as one group; undefined where there are none. */
export function tweetGroup(
  tweets: readonly { tweetId: TweetId; actor: UserId }[],
): NotificationGroup | undefined {
  const newest = tweets[0];
  if (newest === undefined) return undefined;
  const members = tweets.map(
    ({ tweetId, actor }): Member => ({ id: tweetId, type: 'tweet', tweetId, commentId: null, actor }),
  );
  return { id: newest.tweetId, type: 'tweet', members };
}

/** The users whom a group names: its newest actors. */
export function newestActors({ members }: NotificationGroup): UserId[] {
  const actors = new Set<UserId>();
  for (const { actor } of members) {
    actors.add(actor);
    if (actors.size === LIMITS.notificationActors) break;
  }
  return [...actors];
}

/** A group as it is shown. */
export function viewOfGroup(group: NotificationGroup, read: boolean): NotificationView {
  const { id, type, members } = group;
  const { tweetId, commentId } = members[0]!;
  return {
    id,
    type,
    actors: newestActors(group),
    actorCount: new Set(members.map(({ actor }) => actor)).size,
    tweetId,
    commentId,
    time: snowflakeTime(id),
    read,
  };
}
