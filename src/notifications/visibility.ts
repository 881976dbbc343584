/**
 * Which notifications may be shown to their recipient at this moment: acts that still stand, of users whom they may see and
 * have not muted, on texts that they may read. It is asked for all notifications of a page at once, with one batched call
 * per service.
 */
import { unlessDown } from '#domain/errors.ts';
import type { Snowflake, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { ProfileView } from '#domain/records.ts';
import { canReadUser, canSeeUser } from '#domain/visibility.ts';
import type { Engagement } from '#engagement/engagement.ts';
import { inBatches } from '#platform/batches.ts';
import type { Social } from '#social/social.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { Notification } from './notifications-store.ts';

/** What may be shown to the reader of a page. */
export interface Visibility {
  shows(notification: Notification): boolean;
  user(userId: UserId): ProfileView | undefined;
  /** Some notifications could not be checked and are not shown. */
  partial: boolean;
}

export interface VisibilityQuery {
  reader: UserId;
  notifications: readonly Notification[];
  /** Further users to be looked up in the same call. */
  userIds: readonly UserId[];
}

export interface VisibilityDeps {
  tweets: Pick<Tweets, 'authorsOf'>;
  social: Pick<Social, 'view' | 'followRequests'>;
  engagement: Pick<Engagement, 'active'>;
}

/** How many of a reader's follow requests are read, in pages: as many as they may have notifications. */
const REQUEST_PAGES = 10;

export async function queryVisibility(deps: VisibilityDeps, query: VisibilityQuery): Promise<Visibility> {
  const { reader, notifications } = query;
  const [authors, active, requests] = await Promise.all([
    authorsOf(deps, query),
    activeOf(deps, notifications),
    pendingRequests(deps, reader, notifications),
  ]);
  const userIds = new Set([
    ...notifications.map(({ actor }) => actor),
    ...query.userIds,
    ...authors.values(),
  ]);
  const views = await inBatches([...userIds], LIMITS.batch, (batch) =>
    deps.social.view({ viewer: reader, userIds: batch }),
  );
  const users = new Map(views.map((view) => [view.userId, view]));

  function mayRead(userId: UserId | undefined): boolean {
    if (userId === reader) return true;
    const view = userId === undefined ? undefined : users.get(userId);
    return view !== undefined && canReadUser(view, reader);
  }
  /** Whether the thread's first tweet and, if there is one, the comment can be read. */
  function textIsReadable({ tweetId, commentId }: Notification): boolean {
    if (tweetId === null || !mayRead(authors.get(tweetId))) return false;
    return commentId === null || authors.has(commentId);
  }

  return {
    partial: active === null,
    user: (userId) => users.get(userId),
    shows(notification) {
      const actor = users.get(notification.actor);
      if (actor === undefined || actor.muting || !canSeeUser(actor)) return false;
      switch (notification.type) {
        case 'like':
        case 'comment':
        case 'repost':
          return (
            active?.has(notification.id) === true &&
            textIsReadable(notification) &&
            canReadUser(actor, reader)
          );
        case 'mention':
          if (notification.commentId !== null && active?.has(notification.commentId) !== true) return false;
          return textIsReadable(notification) && canReadUser(actor, reader);
        case 'follow':
          // Only a public follow is shown; one that has become private, or has ended, is not.
          return actor.followedBy;
        case 'followRequest':
          return requests.has(notification.id);
        case 'tweet':
          return textIsReadable(notification) && actor.following;
      }
    },
  };
}

async function authorsOf(
  deps: VisibilityDeps,
  { notifications }: VisibilityQuery,
): Promise<Map<number, UserId>> {
  const ids = new Set<number>();
  for (const { tweetId, commentId } of notifications) {
    if (tweetId !== null) ids.add(tweetId);
    if (commentId !== null) ids.add(commentId);
  }
  const rows = await inBatches([...ids], LIMITS.batch, (batch) => deps.tweets.authorsOf({ ids: batch }));
  return new Map(rows.filter(({ deleted }) => !deleted).map(({ id, author }) => [id, author]));
}

/** Which likes, comments and reposts still stand; null if engagement is down and any had to be checked. */
async function activeOf(
  deps: VisibilityDeps,
  notifications: readonly Notification[],
): Promise<Set<Snowflake> | null> {
  const asked = notifications.filter(
    ({ type, commentId }) => type === 'like' || type === 'repost' || commentId !== null,
  );
  const ids = asked.map(({ id }) => id);
  const active = inBatches(ids, LIMITS.batch, async (batch) => {
    const { ids } = await deps.engagement.active({ ids: batch });
    return ids;
  });
  const found = await unlessDown(active);
  return found && new Set(found);
}

/** Of the follow requests that the notifications are about, those that still wait for the reader's answer. */
async function pendingRequests(
  deps: VisibilityDeps,
  reader: UserId,
  notifications: readonly Notification[],
): Promise<Set<Snowflake>> {
  const asked = notifications.filter(({ type }) => type === 'followRequest').map(({ id }) => id);
  const pending = new Set<Snowflake>();
  if (asked.length === 0) return pending;
  const oldest = Math.min(...asked);
  let before: Snowflake | null = Math.max(...asked) + 1;
  for (let page = 0; page < REQUEST_PAGES && before !== null && before > oldest; page++) {
    const limit = LIMITS.pageMax;
    const answer: Awaited<ReturnType<Social['followRequests']>> = await deps.social.followRequests({
      userId: reader,
      before,
      limit,
    });
    for (const { id } of answer.items) pending.add(id);
    before = answer.next;
  }
  return pending;
}
