/** Notifications, and preferences about them. */
import { type Static, Type } from 'typebox';
import type { Position } from '#http/cursors.ts';
import { defineRoute, type Route } from '#http/route.ts';
import type {
  NotificationsPage,
  NotificationsSnapshot,
  NotificationView,
} from '#notifications/notifications.ts';
import { scopeOf } from '../cursor-scopes.ts';
import { selfOf, snowflakeIdOf, userIdOf } from '../ids.ts';
import { Id, ListQuery, Nothing, named, TweetParams, TweetReference, UserParams } from '../schemas/common.ts';
import {
  BellLevel,
  ChangedSettings,
  type Notification,
  NotificationPage,
  Settings,
  SettingsChange,
} from '../schemas/users.ts';
import type { Serializers } from '../serializers.ts';
import type { RouteDeps } from './deps.ts';

const topic = 'Notifications';

export function notificationsRoutes(deps: RouteDeps): Route[] {
  return [listRoute(deps), readRoute(deps), ...settingsRoutes(deps), bellRoute(deps), ...threadRoutes(deps)];
}

/** A notification as JSON. */
export function serializeNotification(
  serializers: Pick<Serializers, 'time'>,
  item: NotificationView,
): Static<typeof Notification> {
  return {
    id: String(item.id),
    type: item.type,
    actors: item.actors.map(String),
    actorCount: item.actorCount,
    tweetId: item.tweetId === null ? null : String(item.tweetId),
    commentId: item.commentId === null ? null : String(item.commentId),
    time: serializers.time(item.time),
    read: item.read,
  };
}

function listRoute({ services: { notifications }, cursors, serializers }: RouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/{userId}/notifications',
    auth: 'required',
    rateLimit: 'read',
    weight: { firstPage: 3, laterPage: 3 },
    operationId: 'listNotifications',
    tag: topic,
    summary: 'Your notifications, newest first',
    params: UserParams,
    query: ListQuery,
    response: NotificationPage,
    errors: ['forbidden', 'invalid_cursor'],
    async handler({ params, query, caller }) {
      const userId = selfOf(params.userId, caller);
      const scope = scopeOf('notifications', userId, userId);
      const position = query.cursor === undefined ? BEGINNING : snapshotOf(cursors.open(scope, query.cursor));
      const page = await notifications.list({ userId, ...position, limit: query.limit });
      const next = positionOf(page);
      return {
        notifications: page.notifications.map((item) => serializeNotification(serializers, item)),
        unread: page.unread,
        users: serializers.users(page.users),
        nextCursor: next === null ? null : cursors.seal(scope, next),
        ...(page.partial ? { partial: true } : {}),
      };
    },
  });
}

const BEGINNING = { before: null, snapshot: null };

/** A cursor holds the snapshot too, so that a group that grows between pages is neither repeated nor skipped. */
function positionOf({
  next,
  snapshot: { arrival, marker, after, tweets },
}: NotificationsPage): Position | null {
  return next === null ? null : [next, arrival, marker, after, tweets];
}
function snapshotOf(position: Position): { before: number; snapshot: NotificationsSnapshot } {
  const [before, arrival, marker, after, tweets] = position as [number, number, number, number, number];
  return { before, snapshot: { arrival, marker, after, tweets } };
}

function readRoute({ services: { notifications } }: RouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/{userId}/notifications/read',
    auth: 'required',
    rateLimit: 'write',
    operationId: 'readNotifications',
    tag: topic,
    summary: 'Mark notifications as read, up to one and with it',
    params: UserParams,
    body: named('ReadMark', { upTo: Id }),
    response: named('Unread', { unread: Type.Integer({ minimum: 0 }) }),
    errors: ['forbidden'],
    async handler({ params, body, caller }) {
      const userId = selfOf(params.userId, caller);
      return await notifications.markRead({ userId, upTo: Number(body.upTo) });
    },
  });
}

function settingsRoutes({ services: { notifications } }: RouteDeps): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/{userId}/notification-settings',
      auth: 'required',
      rateLimit: 'read',
      operationId: 'getNotificationSettings',
      tag: topic,
      summary: 'How you want to be told',
      params: UserParams,
      response: Settings,
      errors: ['forbidden'],
      async handler({ params, caller }) {
        return { types: await notifications.settings({ userId: selfOf(params.userId, caller) }) };
      },
    }),
    defineRoute({
      method: 'PUT',
      path: '/{userId}/notification-settings',
      auth: 'required',
      rateLimit: 'write',
      operationId: 'changeNotificationSettings',
      tag: topic,
      summary: 'Change how you want to be told; what is absent is kept',
      params: UserParams,
      body: SettingsChange,
      response: ChangedSettings,
      errors: ['forbidden'],
      async handler({ params, body, caller }) {
        const userId = selfOf(params.userId, caller);
        return { types: await notifications.changeSettings({ userId, changes: body.types }) };
      },
    }),
  ];
}

function bellRoute({ services: { notifications } }: RouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/bell',
    auth: 'required',
    rateLimit: 'write',
    operationId: 'setBell',
    tag: topic,
    summary: "How somebody's tweets are announced to you",
    description: '`all`: one notification each; `default`: one for all of them together; `off`: none.',
    body: named('Bell', { userId: Id, level: BellLevel }),
    response: Nothing,
    errors: ['not_found'],
    async handler({ body, caller }) {
      await notifications.setBell({ userId: caller.userId, other: userIdOf(body.userId), level: body.level });
      return {};
    },
  });
}

function threadRoutes({ services: { notifications } }: RouteDeps): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/muteThread',
      auth: 'required',
      rateLimit: 'write',
      operationId: 'muteThread',
      tag: topic,
      summary: "No more notifications from a tweet's thread",
      body: TweetReference,
      response: Nothing,
      errors: ['not_found'],
      async handler({ body, caller }) {
        await notifications.muteThread({ userId: caller.userId, tweetId: snowflakeIdOf(body.tweetId) });
        return {};
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/muteThread/{tweetId}',
      auth: 'required',
      rateLimit: 'write',
      operationId: 'unmuteThread',
      tag: topic,
      summary: "Notifications from a tweet's thread again",
      params: TweetParams,
      response: Nothing,
      async handler({ params, caller }) {
        await notifications.unmuteThread({ userId: caller.userId, tweetId: snowflakeIdOf(params.tweetId) });
        return {};
      },
    }),
  ];
}
