/** A user's events as they happen, as server-sent events. */
import { Type } from 'typebox';
import { defineRoute, type Route, SENT } from '#http/route.ts';
import { strictObject } from '../schemas/common.ts';
import { StreamEvents } from '../schemas/stream.ts';
import type { Streams } from '../streams/streams.ts';

const LastEventId = Type.String({ maxLength: 200, description: 'The id of the last event that you have.' });

export function streamRoutes({ streams }: { streams: Streams }): Route[] {
  const stream = defineRoute({
    method: 'GET',
    path: '/stream',
    auth: 'required',
    rateLimit: 'stream',
    operationId: 'openStream',
    tag: 'Notifications',
    summary: 'New tweets, deletions and notifications as they happen (server-sent events)',
    description:
      'Each event has an `id`, a name and JSON as its data. Come back with the id of the last one, and what you ' +
      'missed is told. A comment comes every 15 s. At most 5 streams a user. The header Last-Event-ID goes before ' +
      '`lastEventId`.',
    query: strictObject({ lastEventId: Type.Optional(LastEventId) }),
    headers: strictObject({ 'last-event-id': Type.Optional(LastEventId) }),
    produces: 'text/event-stream',
    response: Type.String({ description: 'Server-sent events (html.spec.whatwg.org).' }),
    events: StreamEvents,
    async handler({ query, headers, caller, reply }) {
      const lastEventId = headers['last-event-id'] ?? query.lastEventId ?? null;
      const events = streams.open({ session: caller, lastEventId });
      // nginx and similar proxies buffer responses unless told not to.
      reply
        .headers({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
        .send(events);
      return SENT;
    },
  });
  return [stream];
}
