/**
 * Reading notifications, step by step: notifications, then those that may be seen, then groups, then a page. What made a
 * notification read decides to which group it belongs: see `notification-groups.ts`.
 */
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { Lane } from '#platform/lane.ts';
import type { HiddenPeriod, Social } from '#social/social.ts';
import { countUnreadNotices, noticesAfter, presentNotice } from './account-notices.ts';
import { type FreshTweet, type FreshTweetsDeps, freshTweets, MAX_FRESH_TWEETS } from './fresh-tweets.ts';
import {
  chunksOf,
  groupNotifications,
  type NotificationGroup,
  newestActors,
  tweetGroup,
  visiblePart,
} from './notification-groups.ts';
import type { AccountNotices, Notifications, NotificationsSnapshot } from './notifications.ts';
import { type PresentedNotification, presentGroup, startPage } from './notifications-page.ts';
import type { NotificationsStore, ReadMarker, StoredNotification } from './notifications-store.ts';
import { createReadState, type ReadState } from './read-state.ts';
import { queryVisibility, type Visibility, type VisibilityDeps } from './visibility.ts';

export interface ReadingDeps {
  store: Pick<
    NotificationsStore,
    'notifications' | 'arrival' | 'readMarker' | 'readMarkers' | 'settings' | 'bells'
  >;
  tweets: VisibilityDeps['tweets'];
  social: VisibilityDeps['social'] & Pick<Social, 'hiddenPeriods'>;
  engagement: VisibilityDeps['engagement'];
  timeline: FreshTweetsDeps['timeline'];
  accounts: AccountNotices;
  /** Where many notifications are checked. */
  lane: Lane;
  /** Whether the view of notifications holds all that it should. */
  isWhole: () => boolean;
}

export type Reading = Pick<Notifications, 'list' | 'unread' | 'get'>;

/** Notifications checked together: more than most pages need. */
const MIN_CHUNK = 200;
/** Notifications that are checked in the lane. */
const MIN_FOR_LANE = 250;
/** New tweets read to know whether there is any. */
const FRESH_PROBE = 40;
const MAX_ID = Number.MAX_SAFE_INTEGER;

export function createReading(deps: ReadingDeps): Reading {
  return {
    list: (request) => list(deps, request),
    unread: (request) => unread(deps, request),
    get: (request) => get(deps, request),
  };
}

async function list(
  deps: ReadingDeps,
  request: Parameters<Notifications['list']>[0],
): ReturnType<Notifications['list']> {
  const { userId, limit } = request;
  const below = request.before ?? MAX_ID;
  // The arrival comes first: what a later page leaves out because it arrived since, this page must leave out too.
  const arrival = await deps.store.arrival({ recipient: userId });
  const { marker, markers, notifications, hidden, notices } = await load(deps, userId);
  const snapshot: NotificationsSnapshot = request.snapshot ?? {
    arrival,
    marker: marker.number,
    after: marker.highest,
    tweets: MAX_ID,
  };
  const now = createReadState(markers, hidden);
  const then = createReadState(
    markers.filter(({ number }) => number <= snapshot.marker),
    hidden,
  );
  const unreadNotifications = notifications.filter((each) => !now.isRead(each));
  const ask = { reader: userId, after: snapshot.after, limit: MAX_FRESH_TWEETS, hidden };
  const fresh = await freshTweets(deps, ask);
  const tweets = withoutNotified(fresh.tweets, notifications);
  const newTweets = tweetGroup(tweets.filter(({ tweetId }) => tweetId <= snapshot.tweets));

  const covered = notifications.filter((each) => each.arrival <= snapshot.arrival);
  const groups = groupNotifications(covered, then.readBy).filter(({ members }) => members.at(-1)!.id < below);
  const chunks = [...chunksOf(groups, MIN_CHUNK)];
  const visibility = await visibilityOf(
    deps,
    userId,
    [...unreadNotifications, ...membersOf(chunks[0])],
    newTweets,
  );
  const page = startPage({ below, limit });
  let partial = !deps.isWhole() || fresh.partial || visibility.partial || notices === null;
  // These take their turn among the others.
  page.take(
    (notices ?? []).map((notice) => presentNotice(notice, marker)),
    MAX_ID,
  );
  if (newTweets) page.take([presentGroup(newTweets, newTweets.id <= marker.highest, visibility)], MAX_ID);
  for (let at = 0; at < chunks.length && !page.full(); at++) {
    const chunkVisibility = at === 0 ? visibility : await visibilityOf(deps, userId, membersOf(chunks[at]));
    partial ||= chunkVisibility.partial;
    const shown = chunks[at]!.flatMap((group) => presentVisible(group, now, chunkVisibility));
    page.take(shown, chunks[at + 1]?.[0]?.id ?? 0);
  }
  if (!page.full()) page.take([], 0);
  return {
    ...page.result(),
    unread:
      countUnread(unreadNotifications.filter(visibility.shows), now, tweets, marker) +
      countUnreadNotices(notices, marker),
    snapshot: request.snapshot ?? { ...snapshot, tweets: newTweets?.id ?? 0 },
    partial,
  };
}

async function unread(deps: ReadingDeps, { userId }: { userId: UserId }): Promise<{ unread: number }> {
  const marker = await deps.store.readMarker({ userId });
  const { markers, notifications, hidden, notices } = await load(deps, userId, marker);
  const state = createReadState(markers, hidden);
  const unreadNotifications = notifications.filter((each) => !state.isRead(each));
  const ask = { reader: userId, after: marker.highest, hidden };
  const newest = await freshTweets(deps, { ...ask, limit: FRESH_PROBE });
  let tweets = withoutNotified(newest.tweets, notifications);
  if (tweets.length === 0 && newest.more) {
    // The newest few all have notifications of their own, or their authors another bell: look at the rest.
    const all = await freshTweets(deps, { ...ask, limit: MAX_FRESH_TWEETS });
    tweets = withoutNotified(all.tweets, notifications);
  }
  const visibility = await visibilityOf(deps, userId, unreadNotifications);
  const others = countUnread(unreadNotifications.filter(visibility.shows), state, tweets, marker);
  return { unread: others + countUnreadNotices(notices, marker) };
}

async function get(
  deps: ReadingDeps,
  { userId, id }: { userId: UserId; id: Snowflake },
): ReturnType<Notifications['get']> {
  const { marker, markers, notifications, hidden, notices } = await load(deps, userId);
  const state = createReadState(markers, hidden);
  const found = notifications.find((each) => each.id === id);
  if (found === undefined) {
    const notice = notices?.find((each) => each.id === id);
    if (notice !== undefined) return presentNotice(notice, marker);
    const ask = { reader: userId, after: marker.highest, limit: MAX_FRESH_TWEETS, hidden };
    const tweets = withoutNotified((await freshTweets(deps, ask)).tweets, notifications);
    const group = tweets.some(({ tweetId }) => tweetId === id) ? tweetGroup(tweets) : undefined;
    if (group === undefined) return NOTHING;
    return presentGroup(group, false, await visibilityOf(deps, userId, [], group));
  }
  const group = groupNotifications(notifications, state.readBy).find(({ members }) =>
    members.includes(found),
  )!;
  const visibility = await visibilityOf(deps, userId, group.members);
  return (visibility.shows(found) && presentVisible(group, state, visibility)[0]) || NOTHING;
}

const NOTHING = { notification: null, users: [] };

/** A user's notifications: all of them, or those that a marker does not cover. */
async function load({ store, social, accounts }: ReadingDeps, userId: UserId, since?: ReadMarker) {
  const marker = since ?? (await store.readMarker({ userId }));
  const notifications = await store.notifications({ recipient: userId, ...(since && { since }) });
  const { periods } = await social.hiddenPeriods({ viewer: userId });
  const hidden: ReadonlyMap<UserId, HiddenPeriod[]> = Map.groupBy(periods, (period) => period.userId);
  const oldest = notifications.at(-1);
  // Only markers at or above the oldest can cover any.
  const markers = oldest === undefined ? [] : await store.readMarkers({ userId, atLeast: oldest.id });
  const notices = await noticesAfter(accounts, { userId, after: since?.highest ?? 0 });
  return { marker, markers, notifications, hidden, notices };
}

/** The part of a group that may be seen, if any. */
function presentVisible(
  group: NotificationGroup<StoredNotification>,
  state: ReadState,
  visibility: Visibility,
): PresentedNotification[] {
  const rest = visiblePart(group, visibility.shows);
  return rest === undefined ? [] : [presentGroup(rest, state.isRead(rest.members[0]!), visibility)];
}

/** Checks notifications, and the users whom the group of new tweets names, in the same calls. */
function visibilityOf(
  deps: ReadingDeps,
  reader: UserId,
  notifications: readonly StoredNotification[],
  newTweets?: NotificationGroup | undefined,
): Promise<Visibility> {
  const userIds = newTweets === undefined ? [] : newestActors(newTweets);
  const query = { reader, notifications: [...new Set(notifications)], userIds };
  // A thousand unread notifications take several milliseconds: many such pages must not hold up all other requests.
  return query.notifications.length > MIN_FOR_LANE
    ? deps.lane.run(reader, () => queryVisibility(deps, query))
    : queryVisibility(deps, query);
}

function membersOf(
  groups: readonly NotificationGroup<StoredNotification>[] | undefined,
): StoredNotification[] {
  return groups?.flatMap(({ members }) => members) ?? [];
}

/** New tweets, without those for which the reader has a notification. */
function withoutNotified(tweets: FreshTweet[], notifications: readonly StoredNotification[]): FreshTweet[] {
  const apart = new Set(notifications.map(({ id }) => id));
  return tweets.filter(({ tweetId }) => !apart.has(tweetId));
}

function countUnread(
  visible: readonly StoredNotification[],
  state: ReadState,
  tweets: readonly FreshTweet[],
  marker: ReadMarker,
): number {
  const news = tweets.some(({ tweetId }) => tweetId > marker.highest) ? 1 : 0;
  return groupNotifications(visible, state.readBy).length + news;
}
