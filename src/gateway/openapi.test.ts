import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/schema';
import { ERROR_CATALOGUE } from '#domain/errors.ts';
import { openApiOf } from '#http/docs/openapi.ts';
import { defineRoute, type Route, SENT } from '#http/route.ts';
import { mustMatch } from '#http/schema-faults.ts';
import { Id, named } from './schemas/common.ts';
import { type Api, openApi } from './testing/gateway.ts';
import { withoutReferences } from './testing/openapi-conformance.ts';

interface Body {
  headers?: object;
  content?: Record<string, { schema: { $ref?: string }; 'x-events'?: unknown }>;
}

const JSON_OR_FORM = /^(application\/json|multipart\/form-data)$/;

/** Every object in a JSON document. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}

describe('the OpenAPI document', () => {
  let api: Api;
  before(async () => {
    api = await openApi();
  });
  after(async () => {
    await api.close();
  });
  const operations = () =>
    Object.entries(api.document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
    );

  test('has every call of API.md, and no other', () => {
    const calls = operations().map(
      ({ path, method }) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`,
    );
    assert.deepEqual(calls.sort(), [...CALLS].sort());
  });

  test('resolves every reference, and every schema compiles', () => {
    const { schemas } = api.document.components;
    for (const { $ref } of objectsIn(api.document)) {
      if (typeof $ref !== 'string') continue;
      assert.ok(withoutReferences(api.document, { $ref }), $ref);
    }
    for (const schema of Object.values(schemas)) {
      Compile({ ...(schema as object), components: api.document.components });
    }
  });

  test('has words for every pattern that a request can fail to match', () => {
    const requests = operations().map(({ operation }) => {
      const { parameters, requestBody } = operation as { parameters?: unknown; requestBody?: unknown };
      return withoutReferences(api.document, { parameters, requestBody });
    });
    for (const { pattern } of objectsIn(requests)) {
      if (typeof pattern === 'string') assert.doesNotMatch(mustMatch(pattern), /^must match/);
    }
  });

  test('names every operation once, and declares every parameter of its path as required', () => {
    const names = operations().map(({ operation }) => operation.operationId);
    assert.equal(new Set(names).size, names.length);
    for (const { path, operation } of operations()) {
      const declared = (operation.parameters as { name: string; in: string; required: boolean }[]).filter(
        (parameter) => parameter.in === 'path',
      );
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      assert.deepEqual(declared.map(({ name }) => name).sort(), inPath.sort());
      assert.ok(declared.every(({ required }) => required));
    }
  });

  test('documents the faults of every call, each with a status of the catalogue', () => {
    const statuses = new Set(Object.values(ERROR_CATALOGUE).map(({ status }) => String(status)));
    for (const { operation } of operations()) {
      const documented = Object.keys(operation.responses as object);
      for (const status of ['200', '400', '401', '503', 'default']) assert.ok(documented.includes(status));
      for (const status of documented) {
        assert.ok(
          ['200', '304', 'default'].includes(status) || statuses.has(status),
          `${operation.operationId} ${status}`,
        );
      }
    }
  });

  test('names every body, every response and every choice, so that clients have one type for each', () => {
    const unnamed: string[] = [];
    for (const { operation } of operations()) {
      const { requestBody, responses } = operation as { requestBody?: Body; responses: Record<string, Body> };
      for (const { content = {} } of [requestBody ?? {}, responses['200']!]) {
        for (const [type, { schema }] of Object.entries(content)) {
          if (JSON_OR_FORM.test(type) && schema.$ref === undefined)
            unnamed.push(operation.operationId as string);
        }
      }
    }
    for (const object of objectsIn([api.document.paths, Object.values(api.document.components.schemas)])) {
      const inline =
        object.enum !== undefined || (object.type === 'object' && object.properties !== undefined);
      if (inline && object.title === undefined) unnamed.push(JSON.stringify(object).slice(0, 80));
    }
    assert.deepEqual(unnamed, []);
  });

  test('says of users in answers that they are heads by id', () => {
    const { Users } = api.document.components.schemas as Record<string, Record<string, unknown>>;
    assert.deepEqual(Users?.additionalProperties, { $ref: '#/components/schemas/UserHead' });
  });

  test('has a schema for the data of every event of the stream', () => {
    const stream = api.document.paths['/api/v1/stream']?.get as { responses: Record<string, Body> };
    const content = stream.responses['200']?.content?.['text/event-stream'];
    assert.deepEqual(content?.['x-events'], { $ref: '#/components/schemas/StreamEvents' });
    const { StreamEvents } = api.document.components.schemas as Record<string, { properties: object }>;
    assert.deepEqual(Object.keys(StreamEvents!.properties).sort(), [
      'counts',
      'delete',
      'notification',
      'reset',
      'tweet',
    ]);
  });

  test('declares the headers that clients send and read', () => {
    const { headers } = api.document.components;
    const of = (status: string, path: string, method = 'get') => {
      const operation = withoutReferences(api.document, api.document.paths[path]?.[method]);
      const { responses } = operation as { responses: Record<string, Body> };
      return Object.keys(responses[status]?.headers ?? {});
    };
    const always = ['X-Request-Id', 'RateLimit-Policy', 'RateLimit'];
    assert.deepEqual(Object.keys(headers).sort(), [...always, 'Retry-After', 'WWW-Authenticate'].sort());
    assert.deepEqual(of('200', '/api/v1/tweets'), always);
    assert.deepEqual(of('400', '/api/v1/tweets'), always);
    assert.deepEqual(of('401', '/api/v1/tweets'), [...always, 'WWW-Authenticate']);
    assert.deepEqual(of('429', '/api/v1/tweets'), [...always, 'Retry-After']);
    assert.deepEqual(of('503', '/api/v1/tweets'), [...always, 'Retry-After']);
    assert.deepEqual(of('200', '/media/{name}'), [...always, 'ETag', 'Cache-Control']);
    assert.deepEqual(of('304', '/media/{name}'), [...always, 'ETag', 'Cache-Control']);
    assert.deepEqual(of('200', '/api/v1/login', 'post'), [...always, 'Set-Cookie']);
    const sent = operations().flatMap(({ operation }) =>
      (operation.parameters as { name: string; in: string }[])
        .filter((parameter) => parameter.in === 'header')
        .map(({ name }) => `${operation.operationId} ${name}`),
    );
    assert.deepEqual(sent.sort(), [
      'comment Idempotency-Key',
      'getMedia If-None-Match',
      'openStream Last-Event-ID',
      'postTweet Idempotency-Key',
    ]);
  });

  test('is true of the headers of a limited server', async () => {
    const limited = await openApi({ rateLimits: 'on', quotas: { read: { quota: 1, window_ms: 60_000 } } });
    try {
      // Each response's headers are held to the document.
      const answers = [await limited.anybody.get('/tweets'), await limited.anybody.get('/tweets')];
      const told = answers.map(({ status, headers }) => [
        status,
        headers.get('ratelimit-policy'),
        headers.get('ratelimit')?.replace(/t=\d+/, 't=…'),
        headers.has('retry-after'),
      ]);
      assert.deepEqual(told, [
        [200, '"read";q=1;w=60', '"read";r=0;t=…', false],
        [429, '"read";q=1;w=60', '"read";r=0;t=…', true],
      ]);
    } finally {
      await limited.close();
    }
  });

  test('is not made where two schemas have one name', () => {
    const route = (name: string, response: TSchema) =>
      defineRoute({
        ...({
          method: 'GET',
          path: `/${name}`,
          auth: 'none',
          rateLimit: 'read',
          operationId: name,
          tag: 'Test',
        } as const),
        summary: name,
        response: response,
        handler: async () => SENT,
      });
    const one = route('one', named('Same', { a: Id }));
    assert.ok(documentOf([one, route('two', named('Same', { a: Id }))]).components.schemas.Same);
    const other = route('two', named('Same', { b: Id }));
    assert.throws(() => documentOf([one, other]), /Two schemas are called Same/);
  });
});

function documentOf(routes: Route[]) {
  return openApiOf({
    title: 'Test',
    description: '',
    version: '1',
    examples: { calls: {}, problem: {} },
    routes,
  });
}

const CALLS = [
  'POST /{userId}/profile',
  'PUT /{userId}/profile',
  'GET /{userId}/profile',
  'POST /follow',
  'PUT /follow/{userId}',
  'DELETE /me/followers/{userId}',
  'GET /users',
  'DELETE /follow/{userId}',
  'POST /postTweet',
  'POST /like',
  'DELETE /like/{tweetId}',
  'GET /{userId}/tweets',
  'GET /tweets',
  'GET /tweets/{tweetId}',
  'DELETE /tweets/{tweetId}',
  'GET /tweets/{tweetId}/likes',
  'GET /tweets/{tweetId}/comments',
  'GET /tweets/{tweetId}/reposts',
  'POST /comment',
  'DELETE /tweets/{tweetId}/comments/{commentId}',
  'POST /repost',
  'DELETE /repost/{tweetId}',
  'GET /{userId}/followers',
  'GET /{userId}/following',
  'GET /me/follow-requests',
  'POST /me/follow-requests/{userId}',
  'POST /block',
  'POST /mute',
  'DELETE /block/{userId}',
  'DELETE /mute/{userId}',
  'GET /me/blocks',
  'GET /me/mutes',
  'GET /me/suggestions',
  'GET /{userId}/mutuals',
  'GET /{userId}/followers-you-know',
  'GET /{userId}/notifications',
  'POST /{userId}/notifications/read',
  'GET /{userId}/notification-settings',
  'PUT /{userId}/notification-settings',
  'POST /bell',
  'POST /muteThread',
  'DELETE /muteThread/{tweetId}',
  'POST /media',
  'GET /media/{name}',
  'GET /stream',
  'POST /report',
  'GET /moderation/reports',
  'POST /moderation/reports/{reportId}',
  'POST /signup',
  'POST /login',
  'POST /logout',
  'POST /password',
  'GET /me',
  'DELETE /me',
  'GET /lookup',
  'GET /sessions',
  'DELETE /sessions/{id}',
];
