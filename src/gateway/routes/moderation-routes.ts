/** Reports, and what moderators do about them. */
import { type Static, Type } from 'typebox';
import { WarbleError } from '#domain/errors.ts';
import { REPORT_STATES } from '#domain/names.ts';
import { openBefore, sealNext } from '#http/cursors.ts';
import { defineRoute, type Route } from '#http/route.ts';
import type { Moderation, ReportSubject, ReportView } from '#moderation/moderation.ts';
import type { Social } from '#social/social.ts';
import { scopeOf } from '../cursor-scopes.ts';
import { snowflakeIdOf, userIdOf } from '../ids.ts';
import { Cursor, Id, Limit, Nothing, named, namedEnum, strictObject } from '../schemas/common.ts';
import { ModerationAct, Reason, type Report, ReportPage } from '../schemas/moderation.ts';
import { presentImage, type Serializers } from '../serializers.ts';
import type { RouteDeps } from './deps.ts';

export interface ModerationRoutesDeps extends Pick<RouteDeps, 'cursors' | 'serializers'> {
  moderation: Moderation;
  services: { social: Pick<Social, 'view'> };
}

const topic = 'Moderation';
export function moderationRoutes(deps: ModerationRoutesDeps): Route[] {
  return [reportRoute(deps), listRoute(deps), resolveRoute(deps)];
}

function reportRoute({ moderation }: ModerationRoutesDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/report',
    auth: 'required',
    rateLimit: 'report',
    operationId: 'report',
    tag: topic,
    summary: 'Tell the moderators about a tweet, a comment or a user',
    description: 'The body names exactly one of `tweetId`, `commentId` and `userId`.',
    body: named('NewReport', {
      tweetId: Type.Optional(Id),
      commentId: Type.Optional(Id),
      userId: Type.Optional(Id),
      reason: Reason,
    }),
    response: named('Reported', { reportId: Id }),
    errors: ['not_found', 'invalid_text'],
    async handler({ body, caller }) {
      const { tweetId, commentId, userId, reason } = body;
      const subject = subjectOf({
        tweetId: tweetId === undefined ? undefined : snowflakeIdOf(tweetId),
        commentId: commentId === undefined ? undefined : snowflakeIdOf(commentId),
        userId: userId === undefined ? undefined : userIdOf(userId),
      });
      if (subject === undefined) throw notOneSubject();
      const { reportId, time } = await moderation.report({ reporter: caller.userId, subject, reason });
      return { reportId: String(reportId), time };
    },
  });
}

function listRoute({ moderation, services, serializers, cursors }: ModerationRoutesDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/moderation/reports',
    auth: 'required',
    rateLimit: 'read',
    operationId: 'listReports',
    tag: topic,
    summary: 'Reports, newest first; for moderators',
    query: strictObject({
      state: { ...namedEnum('ReportState', REPORT_STATES), default: 'open' },
      cursor: Type.Optional(Cursor),
      limit: Limit,
    }),
    response: ReportPage,
    errors: ['forbidden', 'invalid_cursor'],
    async handler({ query, caller: { userId } }) {
      const open = query.state === 'open';
      const scope = scopeOf(`reports:${query.state}`, 0, userId);
      const before = openBefore(cursors, scope, query.cursor);
      const page = await moderation.reports({ moderator: userId, open, before, limit: query.limit });
      const named = page.items.flatMap((report) => [
        report.userId,
        report.reporter,
        ...(report.resolution === null ? [] : [report.resolution.by]),
      ]);
      // Moderators see every user, whatever blocks there are, suspended users too.
      const users = await services.social.view({ viewer: null, userIds: [...new Set(named)] });
      const suspended = users.filter(({ state }) => state === 'suspended').map((user) => user.userId);
      return {
        reports: page.items.map((report) => shown(report, suspended.includes(report.userId), serializers)),
        users: serializers.users(users),
        nextCursor: sealNext(cursors, scope, page.next),
      };
    },
  });
}

function resolveRoute({ moderation }: ModerationRoutesDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/moderation/reports/{reportId}',
    auth: 'required',
    rateLimit: 'write',
    operationId: 'resolveReport',
    tag: topic,
    summary: 'Resolve a report by doing something about it; for moderators',
    description:
      'All open reports about the same tweet, comment or user are resolved with it. The audit log says who did it.',
    params: strictObject({ reportId: Id }),
    body: named('ReportResolution', { act: ModerationAct, reason: Reason }),
    response: Nothing,
    errors: ['forbidden', 'not_found', 'invalid_text', 'already_resolved'],
    async handler({ params, body, caller, request, traceId }) {
      await moderation.resolve({
        moderator: caller.userId,
        reportId: snowflakeIdOf(params.reportId),
        act: body.act,
        reason: body.reason,
        from: request.address,
        traceId,
      });
      return {};
    },
  });
}

function notOneSubject(): WarbleError {
  const detail = 'Name exactly one of tweetId, commentId and userId.';
  return new WarbleError('invalid_request', detail, { errors: [{ pointer: '#', detail }] });
}

function shown(report: ReportView, suspended: boolean, serializers: Serializers): Static<typeof Report> {
  const { subject, resolution, images } = report;
  return {
    reportId: String(report.reportId),
    tweetId: subject.kind === 'tweet' ? String(subject.id) : null,
    commentId: subject.kind === 'comment' ? String(subject.id) : null,
    userId: String(report.userId),
    suspended,
    content: report.content,
    images: images.map(presentImage),
    reporterId: String(report.reporter),
    reason: report.reason,
    time: serializers.time(report.time),
    resolution: resolution && {
      act: resolution.act,
      by: String(resolution.by),
      reason: resolution.reason,
      time: serializers.time(resolution.time),
    },
  };
}

/** The subject of a report, from the ids in the request; undefined if it names none or several. */
function subjectOf(ids: {
  tweetId: number | undefined;
  commentId: number | undefined;
  userId: number | undefined;
}): ReportSubject | undefined {
  const named = [
    { kind: 'tweet', id: ids.tweetId },
    { kind: 'comment', id: ids.commentId },
    { kind: 'user', id: ids.userId },
  ].filter((subject): subject is ReportSubject => subject.id !== undefined);
  return named.length === 1 ? named[0] : undefined;
}
