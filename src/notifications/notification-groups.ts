/**
 * How notifications become what a person sees. Likes and reposts of one tweet, and follows, form one group for as long as
 * they are unread, and stay together with what was read at the same time. Which group a notification belongs to follows from
 * what made it be read (`read-state.ts`).
 */
import { type Snowflake, snowflakeTime, type TweetId, type UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { NotificationType, NotificationView } from './notifications.ts';
import type { Notification, StoredNotification } from './notifications-store.ts';
import type { ReadBy } from './read-state.ts';

export type Member = Pick<Notification, 'id' | 'type' | 'tweetId' | 'commentId' | 'actor'>;

export interface Group<M extends Member = Member> {
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
): Group<StoredNotification>[] {
  const groups = new Map<string, Group<StoredNotification>>();
  for (const notification of notifications) {
    const key = groupKey(notification, readBy(notification));
    const group = groups.get(key);
    if (group === undefined)
      groups.set(key, { id: notification.id, type: notification.type, members: [notification] });
    else group.members.push(notification);
  }
  return [...groups.values()];
}

function groupKey({ id, type, tweetId }: Member, readBy: ReadBy): string {
  switch (type) {
    case 'like':
    case 'repost':
      return `${type}/${tweetId}/${readBy}`;
    case 'follow':
      return `${type}/${readBy}`;
    default:
      return String(id);
  }
}

/** What of a group shows; undefined where nothing does. */
export function shownOf<M extends Member>(
  { type, members }: Group<M>,
  shows: (member: M) => boolean,
): Group<M> | undefined {
  const shown = members.filter(shows);
  return shown.length === 0 ? undefined : { id: shown[0]!.id, type, members: shown };
}

/** Cuts groups into runs of at least `atLeast` members together. */
export function* runsOf<M extends Member>(
  groups: readonly Group<M>[],
  atLeast: number,
): Generator<Group<M>[]> {
  let run: Group<M>[] = [];
  let members = 0;
  for (const group of groups) {
    run.push(group);
    members += group.members.length;
    if (members < atLeast) continue;
    yield run;
    run = [];
    members = 0;
  }
  if (run.length > 0) yield run;
}

/** The tweets of followed people since the read mark, as one group; undefined where there are none. */
export function tweetGroup(tweets: readonly { tweetId: TweetId; actor: UserId }[]): Group | undefined {
  const newest = tweets[0];
  if (newest === undefined) return undefined;
  const members = tweets.map(
    ({ tweetId, actor }): Member => ({ id: tweetId, type: 'tweet', tweetId, commentId: null, actor }),
  );
  return { id: newest.tweetId, type: 'tweet', members };
}

/** Those whom a group names: its newest actors. */
export function actorsNamed({ members }: Group): UserId[] {
  const actors = new Set<UserId>();
  for (const { actor } of members) {
    actors.add(actor);
    if (actors.size === LIMITS.notificationActors) break;
  }
  return [...actors];
}

/** A group as it is shown. */
export function presentGroup(group: Group, read: boolean): NotificationView {
  const { id, type, members } = group;
  const { tweetId, commentId } = members[0]!;
  return {
    id,
    type,
    actors: actorsNamed(group),
    actorCount: new Set(members.map(({ actor }) => actor)).size,
    tweetId,
    commentId,
    time: snowflakeTime(id),
    read,
  };
}
