/** Responses: the value that a handler returns becomes JSON and leaves in chunks. */
import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Clock } from '#platform/clock.ts';
import { CHUNK_BYTES, endInChunks, inChunks } from './chunks.ts';
import { type RawJson, type Route, SENT } from './route.ts';
import { createTimestamps } from './timestamps.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Turns the value that a route's handler returned into what Fastify sends. Writes get `status` and `time`. */
export function createSerializeStep(route: Route, clock: Clock) {
  const timestamps = createTimestamps();
  const writes = !route.methods.includes('GET');
  return (response: unknown, reply: FastifyReply): FastifyReply | string => {
    if (response === SENT) return reply;
    reply.header('content-type', JSON_TYPE);
    if (isRawJson(response)) {
      reply.sendBytes(response.bytes);
      return reply;
    }
    if (!writes) return JSON.stringify(response);
    const { time, ...rest } = response as { time?: number };
    return JSON.stringify({ status: 200, time: timestamps.format(time ?? clock.now()), ...rest });
  };
}

function isRawJson(response: unknown): response is RawJson<unknown> {
  return (response as Partial<RawJson<unknown>>).bytes !== undefined;
}

/** Sends large responses in chunks and, while the server is draining, closes each response's connection. */
export function registerSending(app: FastifyInstance, draining: () => boolean): void {
  app.decorateReply('sendBytes', function (this: FastifyReply, bytes: string) {
    this.hijack();
    if (draining()) this.header('connection', 'close');
    this.header('content-length', bytes.length);
    this.raw.writeHead(this.statusCode, this.getHeaders() as OutgoingHttpHeaders);
    endInChunks(this.raw, bytes);
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (draining()) reply.header('connection', 'close');
    done(null, largeInChunks(reply, payload));
  });
}

function largeInChunks(reply: FastifyReply, payload: unknown): unknown {
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
  if (payload.length <= CHUNK_BYTES) return payload;
  const body = Buffer.from(payload);
  reply.header('content-length', body.length);
  return inChunks(body);
}
