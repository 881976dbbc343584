/**
 * A route of the public API. One definition gives validation, types, documentation and the request limit. Modules in
 * `routes/` return arrays of definitions, which `registration.ts` adds to the app.
 *
 * - `path` is as API.md writes it, below `/api/v1` (`/{userId}/profile`); with `root: true` below `/`.
 * - `params`, `query` and `headers` are objects of strings, integers, booleans, literals and enums. `parameters.ts`
 *   turns texts into values of those types; unknown, repeated and wrong ones are refused. Header names are written in
 *   lower case. Ids stay decimal strings here; `ids.ts` turns them into numbers.
 * - `body` is validated as it is, without coercion. A route without one ignores any body and Content-Type.
 * - `response` describes the JSON beside `status` and `time` for everything but GET: those two are added to what the
 *   handler returns (`time`, ms since 1970: the handler's, or now).
 * - `auth`: `required`: 401 without a token. `optional`: `caller` is null without one. `none`: the caller is not
 *   looked at, yet a bad Authorization header is 401 all the same (a stale cookie is not, so that one can sign in).
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TObject, TSchema } from 'typebox';
import type { ErrorCode } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import type { Json } from './json.ts';
import type { Policy } from './limits/limits.ts';
import type { Site } from './public-site.ts';

/** Who asks. */
export interface Caller {
  userId: UserId;
  /** The session's id, never its token. */
  sessionId: string;
}

export type RouteMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';
export type RouteAuth = 'required' | 'optional' | 'none';
/**
 * The request limit that a call counts against. Bad tokens are counted separately; open streams have a bound of their
 * own.
 */
export type RateLimitName = Exclude<Policy, 'badToken'> | 'stream';

/** Returned by handlers that sent the response themselves through `reply` (streams, files). */
export const SENT: unique symbol = Symbol('sent');
/** A response that is JSON already. */
export interface RawJson<Of> {
  readonly bytes: Json<Of>;
}

export interface Call<
  Auth extends RouteAuth,
  Params extends TObject,
  Query extends TObject,
  Headers extends TObject,
  Body extends TSchema,
> {
  params: Static<Params>;
  query: Static<Query>;
  headers: Static<Headers>;
  body: Static<Body>;
  caller: Auth extends 'required' ? Caller : Caller | null;
  /** The request's id, for events and logs. */
  traceId: string;
  request: FastifyRequest;
  reply: FastifyReply;
}

type TimeOf<Method> = 'GET' extends Method ? unknown : { time?: number };

/**
 * As how many calls one counts against the limit of a signed-in user: more than one where it may cost more than 10 ms
 * of CPU (`npm run bench -- --only reads`).
 */
export interface Weight {
  firstPage: number;
  /** With a cursor. */
  laterPage: number;
}

const EVERY_PAGE_IS_ONE: Weight = { firstPage: 1, laterPage: 1 };

export interface RouteSpec<
  Method extends RouteMethod,
  Auth extends RouteAuth,
  Params extends TObject,
  Query extends TObject,
  Headers extends TObject,
  Body extends TSchema,
  ResponseSchema extends TSchema,
> {
  /** Several: the same call for each of them. */
  method: Method | readonly Method[];
  path: string;
  root?: boolean;
  auth: Auth;
  rateLimit: RateLimitName;
  /** Default: one. */
  weight?: Weight;
  /** camelCase, unique: OpenAPI's operationId. */
  operationId: string;
  /** The heading under which the docs show it. */
  tag: string;
  summary: string;
  description?: string;
  params?: Params;
  query?: Query;
  headers?: Headers;
  body?: Body;
  /** `multipart`: the handler reads the parts itself, `body` only documents them. Default `json`. */
  consumes?: 'json' | 'multipart';
  /** Media type of the response where it is not JSON; the handler then answers through `reply` and returns SENT. */
  produces?: string;
  /** The most bytes of a body; default 64 KiB. */
  bodyLimit_bytes?: number;
  response: ResponseSchema;
  /** This call's own headers of a success, in canonical case. */
  responseHeaders?: TObject;
  /** For an event stream: the schema of each event's data, by the event's name. */
  events?: TObject;
  /** Errors beside those that follow from the definition (401, 400 of validation, 429, 503...). */
  errors?: readonly ErrorCode[];
  handler(
    call: Call<Auth, Params, Query, Headers, Body>,
  ): Promise<(Static<ResponseSchema> & TimeOf<Method>) | RawJson<Static<ResponseSchema>> | typeof SENT>;
}

/** A route whose types were checked at its definition. */
export interface Route {
  methods: readonly RouteMethod[];
  path: string;
  root: boolean;
  auth: RouteAuth;
  rateLimit: RateLimitName;
  weight: Weight;
  operationId: string;
  tag: string;
  summary: string;
  description: string;
  params: TObject | null;
  query: TObject | null;
  headers: TObject | null;
  body: TSchema | null;
  consumes: 'json' | 'multipart';
  produces: string;
  bodyLimit_bytes: number;
  response: TSchema;
  responseHeaders: TObject | null;
  events: TObject | null;
  errors: readonly ErrorCode[];
  handler(call: AnyCall): Promise<unknown>;
}
/** A call whose parts have been validated by the route's schemas. */
export interface AnyCall {
  params: unknown;
  query: unknown;
  headers: unknown;
  body: unknown;
  caller: Caller | null;
  traceId: string;
  request: FastifyRequest;
  reply: FastifyReply;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set on every route made by `defineRoute`. */
    route?: Route;
    /** The limit of a page outside the API. */
    rateLimit?: RateLimitName;
  }
  interface FastifyRequest {
    /** Set by the authentication step; null: not signed in. */
    caller: Caller | null;
    /** The client's full address, for the log; empty if the connection is gone. */
    clientAddress: string;
    /** What a request without a token counts for: the client's address, or the /64 of an IPv6 one. */
    address: string;
    /** What the request's error says for the log only; null: nothing. */
    errorLog: { accountId: number } | null;
    /** The origin under which the client reached this server. */
    readonly site: Site;
    /** Refused with 429 or 503 for want of room: counted, but not logged on its own. */
    refused: boolean;
  }
  interface FastifyReply {
    /**
     * Sends a body of one byte a character ("latin1"), with the headers set so far. A page of 15 KB costs 5% less
     * this way than as a buffer, since Node joins head and body in memory that it reuses. No `onSend` hook sees it.
     */
    sendBytes(bytes: string): void;
  }
}

const BODY_LIMIT_BYTES = 64 * 1024;

/** Checks a route's types and fills its defaults. */
export function defineRoute<
  const Method extends RouteMethod,
  Auth extends RouteAuth,
  ResponseSchema extends TSchema,
  Params extends TObject = TObject<Record<never, never>>,
  Query extends TObject = TObject<Record<never, never>>,
  Headers extends TObject = TObject<Record<never, never>>,
  Body extends TSchema = TSchema,
>(spec: RouteSpec<Method, Auth, Params, Query, Headers, Body, ResponseSchema>): Route {
  return {
    methods: typeof spec.method === 'string' ? [spec.method as Method] : (spec.method as readonly Method[]),
    path: spec.path,
    root: spec.root ?? false,
    auth: spec.auth,
    rateLimit: spec.rateLimit,
    weight: spec.weight ?? EVERY_PAGE_IS_ONE,
    operationId: spec.operationId,
    tag: spec.tag,
    summary: spec.summary,
    description: spec.description ?? '',
    params: spec.params ?? null,
    query: spec.query ?? null,
    headers: spec.headers ?? null,
    body: spec.body ?? null,
    consumes: spec.consumes ?? 'json',
    produces: spec.produces ?? 'application/json',
    bodyLimit_bytes: spec.bodyLimit_bytes ?? BODY_LIMIT_BYTES,
    response: spec.response,
    responseHeaders: spec.responseHeaders ?? null,
    events: spec.events ?? null,
    errors: spec.errors ?? [],
    // The server passes only what these schemas have validated.
    handler: (call) => spec.handler(call as Call<Auth, Params, Query, Headers, Body>),
  };
}

/** Answers with JSON that was joined already. */
export function rawJson<Of>(bytes: Json<Of>): RawJson<Of> {
  return { bytes };
}
