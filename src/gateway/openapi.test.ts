import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Compile } from 'typebox/schema';
import { ERROR_CATALOGUE } from '#contract/errors.ts';
import { mustMatch } from './schema-faults.ts';
import { type Api, openApi } from './test-support.ts';

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
      assert.ok(schemas[$ref.replace('#/components/schemas/', '')], $ref);
    }
    for (const schema of Object.values(schemas)) {
      Compile({ ...(schema as object), components: api.document.components });
    }
  });

  test('has words for every pattern that a request can fail to match', () => {
    const requests = operations().map(({ operation }) => {
      const { parameters, requestBody } = operation as { parameters?: unknown; requestBody?: unknown };
      return { parameters, requestBody };
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
          ['200', 'default'].includes(status) || statuses.has(status),
          `${operation.operationId} ${status}`,
        );
      }
    }
  });
});

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
