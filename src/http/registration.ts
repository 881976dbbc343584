/** Turns route definitions into the app's routes: parameters, caller, body, response. */
import type { FastifyInstance, FastifyReply, FastifyRequest, RequestPayload } from 'fastify';
import type { TObject } from 'typebox';
import { WarbleError } from '#domain/errors.ts';
import type { Clock } from '#platform/clock.ts';
import { isJsonType, notJson, requirePlainBody } from './body.ts';
import { type ParameterLocation, type ParameterReader, parameterReader, queryOf } from './parameters.ts';
import { type RawJson, type Route, SENT } from './route.ts';
import { createTimestamps } from './timestamps.ts';

export const API_PREFIX = '/api/v1';
const JSON_TYPE = 'application/json; charset=utf-8';

export interface RegistrationDeps {
  app: FastifyInstance;
  clock: Clock;
}

/** Adds routes to the app. */
export function registerRoutes({ app, clock }: RegistrationDeps, routes: readonly Route[]): void {
  for (const route of routes) {
    app.route({
      method: [...route.methods],
      url: fastifyPath(route),
      config: { route },
      bodyLimit: route.bodyLimit_bytes,
      exposeHeadRoute: route.produces !== 'text/event-stream',
      ...(route.body !== null && route.consumes === 'json' ? { schema: { body: route.body } } : {}),
      ...(route.body === null ? {} : { preParsing: checkBody }),
      // The body's absence is told apart from a wrong body, so that the response can say so.
      preValidation: (request, _reply, done) => done(missingBody(route, request)),
      handler: handlerOf(route, clock),
    });
  }
}

/** `/{userId}/profile` as the router writes it, below the API's prefix. */
export function fastifyPath({ path, root }: Route): string {
  return (root ? '' : API_PREFIX) + path.replaceAll(/\{(\w+)\}/g, ':$1');
}

async function checkBody(request: FastifyRequest, reply: FastifyReply, payload: RequestPayload) {
  requirePlainBody(request, reply);
  return payload;
}

function missingBody(route: Route, request: FastifyRequest): WarbleError | undefined {
  if (route.body === null || route.consumes !== 'json' || request.body !== undefined) return undefined;
  return isJsonType(request) ? new WarbleError('invalid_json', 'This call needs a JSON body.') : notJson();
}

function handlerOf(route: Route, clock: Clock) {
  const readParams = reader(route.params, 'path');
  const readQuery = reader(route.query, 'query');
  const readHeaders = route.headers === null ? null : headerReader(route.headers);
  const timestamps = createTimestamps();
  const writes = !route.methods.includes('GET');
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const params = readParams(Object.entries(request.params as Record<string, string>));
    const query = readQuery(queryOf(request.raw.url ?? ''));
    const headers = readHeaders?.(request) ?? {};
    const { body, caller, id: traceId } = request;
    const response = await route.handler({ params, query, headers, body, caller, traceId, request, reply });
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

const NO_PARAMETERS = { properties: {} } as TObject;

function reader(schema: TObject | null, location: ParameterLocation): ParameterReader {
  return parameterReader(schema ?? NO_PARAMETERS, location);
}

/** Reads the headers that a schema names; others are nobody's business. */
function headerReader(schema: TObject): (request: FastifyRequest) => object {
  const names = Object.keys(schema.properties);
  const read = parameterReader(schema, 'header');
  return ({ headers }) =>
    read(
      names.flatMap((name) => {
        const value = headers[name];
        return value === undefined ? [] : [[name, String(value)] as const];
      }),
    );
}
