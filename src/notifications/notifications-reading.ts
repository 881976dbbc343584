/**
 * Reading notifications: items, then what may be seen of them, then groups, then a page. An item belongs to a group
 * by its id and the read marks, see `notification-groups.ts`.
 */
import type { Snowflake, UserId } from '#contract/ids.ts';
import type { PersonHead } from '#contract/records.ts';
import { type FreshTweet, type FreshTweetsDeps, freshTweets, MAX_FRESH_TWEETS } from './fresh-tweets.ts';
import {
  actorsNamed,
  type Group,
  groupMembers,
  presentGroup,
  stretches,
  tweetGroup,
} from './notification-groups.ts';
import type { NotificationItem, Notifications } from './notifications.ts';
import type { NotificationsStore, StoredItem } from './notifications-store.ts';
import { look, type Seen, type VisibilityDeps } from './visibility.ts';

export interface ReadingDeps {
  store: Pick<NotificationsStore, 'items' | 'arrival' | 'mark' | 'marks' | 'settings' | 'bells'>;
  tweets: VisibilityDeps['tweets'];
  social: VisibilityDeps['social'];
  engagement: VisibilityDeps['engagement'];
  timeline: FreshTweetsDeps['timeline'];
}

export type Reading = Pick<Notifications, 'list' | 'unread' | 'item'>;

/** Items looked at together: more than most pages need, and never less than a group. */
const STRETCH = 200;
/** New tweets looked at to know whether there is any. */
const FRESH_FIRST = 40;
const TOP = Number.MAX_SAFE_INTEGER;

export function createReading(deps: ReadingDeps): Reading {
  return {
    list: (request) => list(deps, request),
    unread: (request) => unread(deps, request),
    item: (request) => item(deps, request),
  };
}

async function list(
  deps: ReadingDeps,
  request: Parameters<Notifications['list']>[0],
): ReturnType<Notifications['list']> {
  const { store } = deps;
  const { userId, limit } = request;
  const below = request.before ?? TOP;
  // The arrival first: whatever a later page leaves out for having arrived since, this page must leave out too.
  const arrival = await store.arrival();
  const mark = await store.mark({ userId });
  const items = await store.items({ recipient: userId, above: 0 });
  const walk = request.walk ?? { arrival, mark, tweets: TOP };
  const covered = items.filter((each) => each.arrival <= walk.arrival);
  const marks = (await marksOver(deps, userId, items)).filter((each) => each <= walk.mark);
  const unreadItems = items.filter(({ id }) => id > mark);
  const fresh = await freshTweets(deps, { reader: userId, after: walk.mark, limit: MAX_FRESH_TWEETS });
  const tweets = toldTogether(fresh.tweets, items);
  const newTweets = tweetGroup(tweets.filter(({ tweetId }) => tweetId <= walk.tweets));

  const parts = stretches(covered, marks, below, STRETCH);
  const first = parts.next().value ?? [];
  const seen = await lookAt(deps, userId, [...new Set([...unreadItems, ...first])], newTweets);
  const page = startPage({ below, limit, mark, partial: fresh.partial });
  page.take([...groupMembers(first.filter(seen.shows), marks), ...(newTweets ? [newTweets] : [])], seen);
  // Groups only ever share a stretch, and each stretch is older than the one before.
  for (const part of page.full() ? [] : parts) {
    const further = await lookAt(deps, userId, part);
    page.take(groupMembers(part.filter(further.shows), marks), further);
    if (page.full()) break;
  }
  return {
    ...page.result(),
    unread: countUnread(unreadItems.filter(seen.shows), tweets, mark),
    walk: request.walk ?? { ...walk, tweets: newTweets?.id ?? 0 },
  };
}

async function unread(deps: ReadingDeps, { userId }: { userId: UserId }): Promise<{ unread: number }> {
  const mark = await deps.store.mark({ userId });
  const items = await deps.store.items({ recipient: userId, above: mark });
  const newest = await freshTweets(deps, { reader: userId, after: mark, limit: FRESH_FIRST });
  let tweets = toldTogether(newest.tweets, items);
  if (tweets.length === 0 && newest.more) {
    // The newest few were all told apart, or of people with another bell: look at the rest.
    const all = await freshTweets(deps, { reader: userId, after: mark, limit: MAX_FRESH_TWEETS });
    tweets = toldTogether(all.tweets, items);
  }
  const seen = await lookAt(deps, userId, items);
  return { unread: countUnread(items.filter(seen.shows), tweets, mark) };
}

async function item(
  deps: ReadingDeps,
  { userId, id }: { userId: UserId; id: Snowflake },
): ReturnType<Notifications['item']> {
  const mark = await deps.store.mark({ userId });
  const items = await deps.store.items({ recipient: userId, above: 0 });
  const found = items.find((each) => each.id === id);
  if (found === undefined) return itemOfTweets(deps, { userId, id, mark, items });
  const marks = await marksOver(deps, userId, items);
  const whole = groupMembers(items, marks).find(({ members }) => members.includes(found));
  const members = whole?.members ?? [];
  const seen = await lookAt(deps, userId, members);
  const group = seen.shows(found) ? groupMembers(members.filter(seen.shows), marks)[0] : undefined;
  return shown(group, mark, seen);
}

async function itemOfTweets(
  deps: ReadingDeps,
  request: { userId: UserId; id: Snowflake; mark: Snowflake; items: readonly StoredItem[] },
): ReturnType<Notifications['item']> {
  const { userId, id, mark, items } = request;
  const fresh = await freshTweets(deps, { reader: userId, after: mark, limit: MAX_FRESH_TWEETS });
  const tweets = toldTogether(fresh.tweets, items);
  const group = tweets.some(({ tweetId }) => tweetId === id) ? tweetGroup(tweets) : undefined;
  return shown(group, mark, await lookAt(deps, userId, [], group));
}

function shown(
  group: Group | undefined,
  mark: Snowflake,
  seen: Seen,
): { notification: NotificationItem | null; people: PersonHead[] } {
  if (group === undefined) return { notification: null, people: [] };
  const notification = presentGroup(group, mark);
  return { notification, people: headsOf(notification, seen) };
}

/** Collects the groups of one page, from stretches that come newest first. */
function startPage(request: { below: Snowflake; limit: number; mark: Snowflake; partial: boolean }) {
  const { below, limit, mark } = request;
  const notifications: NotificationItem[] = [];
  const people = new Map<UserId, PersonHead>();
  let more = false;
  let { partial } = request;
  return {
    full: () => more,
    take(groups: Group[], seen: Seen): void {
      partial ||= seen.partial;
      const next = groups.filter(({ id }) => id < below).sort((a, b) => b.id - a.id);
      const room = limit - notifications.length;
      more ||= next.length > room;
      for (const group of next.slice(0, room)) {
        const notification = presentGroup(group, mark);
        notifications.push(notification);
        for (const head of headsOf(notification, seen)) people.set(head.userId, head);
      }
    },
    result: () => ({
      notifications,
      people: [...people.values()],
      next: more ? notifications.at(-1)!.id : null,
      partial,
    }),
  };
}

/** Looks at items, and at those whom the group of new tweets names, in the same calls. */
function lookAt(
  deps: ReadingDeps,
  reader: UserId,
  items: readonly StoredItem[],
  newTweets?: Group | undefined,
): Promise<Seen> {
  const userIds = newTweets === undefined ? [] : actorsNamed(newTweets);
  return look(deps, { reader, items, userIds });
}

/** New tweets but those of which the reader was told by an item of their own. */
function toldTogether(tweets: FreshTweet[], items: readonly StoredItem[]): FreshTweet[] {
  const apart = new Set(items.map(({ id }) => id));
  return tweets.filter(({ tweetId }) => !apart.has(tweetId));
}

/** The marks that may part these items (newest first), ascending. */
async function marksOver(
  deps: ReadingDeps,
  userId: UserId,
  items: readonly StoredItem[],
): Promise<Snowflake[]> {
  const oldest = items.at(-1);
  return oldest === undefined ? [] : deps.store.marks({ userId, atLeast: oldest.id });
}

function countUnread(
  visible: readonly StoredItem[],
  tweets: readonly { tweetId: number }[],
  mark: Snowflake,
): number {
  return groupMembers(visible, []).length + (tweets.some(({ tweetId }) => tweetId > mark) ? 1 : 0);
}

function headsOf({ actors }: NotificationItem, seen: Seen): PersonHead[] {
  return actors.flatMap((actor) => {
    const person = seen.person(actor);
    if (person === undefined) return [];
    const { userId, handle, name, picture } = person;
    return [{ userId, handle, name, picture }];
  });
}
