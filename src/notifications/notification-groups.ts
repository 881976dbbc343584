/**
 * How items become what a person sees. Likes and reposts of one tweet, and follows, form one group for as long as
 * it is unread: a read mark closes every group. Which group an item belongs to follows from its id and the read
 * marks alone, never from when it arrived: one that was minted before a mark and folded after it joins what that
 * mark had read.
 */
import { type Snowflake, snowflakeTime, type TweetId, type UserId } from '#contract/ids.ts';
import { LIMITS } from '#contract/limits.ts';
import type { NotificationItem, NotificationType } from './notifications.ts';
import type { Item } from './notifications-store.ts';

export type Member = Pick<Item, 'id' | 'type' | 'tweetId' | 'commentId' | 'actor'>;

export interface Group<M extends Member = Member> {
  /** The newest member's. */
  id: Snowflake;
  type: NotificationType;
  /** Newest first. */
  members: M[];
}

/**
 * Groups items. `members` newest first; `marks` ascending, all those at or above the oldest member. Groups come in
 * the order of their newest members.
 */
export function groupMembers<M extends Member>(
  members: readonly M[],
  marks: readonly Snowflake[],
): Group<M>[] {
  const groups = new Map<string, Group<M>>();
  let interval = marks.length;
  for (const member of members) {
    while (interval > 0 && member.id <= marks[interval - 1]!) interval--;
    const key = groupKey(member, interval);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { id: member.id, type: member.type, members: [member] });
    else group.members.push(member);
  }
  return [...groups.values()];
}

function groupKey({ id, type, tweetId }: Member, interval: number): string {
  switch (type) {
    case 'like':
    case 'repost':
      return `${type}/${tweetId}/${interval}`;
    case 'follow':
      return `${type}/${interval}`;
    default:
      return String(id);
  }
}

/**
 * Cuts items (newest first) into stretches of at least `atLeast` that cut no group in two, beginning with the group
 * that the newest item below `below` may belong to. `marks` as in {@link groupMembers}.
 */
export function* stretches<T extends { id: Snowflake }>(
  items: readonly T[],
  marks: readonly Snowflake[],
  below: Snowflake,
  atLeast: number,
): Generator<T[]> {
  const first = items.find(({ id }) => id < below);
  if (first === undefined) return;
  const opening = marks.find((mark) => mark >= first.id);
  let start = opening === undefined ? 0 : items.findIndex(({ id }) => id <= opening);
  while (start < items.length) {
    const last = items[Math.min(start + atLeast, items.length) - 1]!;
    const closing = marks.findLast((mark) => mark < last.id);
    const next = closing === undefined ? -1 : items.findIndex(({ id }) => id <= closing);
    const end = next < 0 ? items.length : next;
    yield items.slice(start, end);
    start = end;
  }
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

/** A group as it is shown to somebody who has read through `mark`. */
export function presentGroup(group: Group, mark: Snowflake): NotificationItem {
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
    read: id <= mark,
  };
}
