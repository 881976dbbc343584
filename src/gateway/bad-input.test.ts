import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LIMITS } from '#domain/limits.ts';
import { type Api, openApi, type Someone } from './testing/gateway.ts';
import { withoutReferences } from './testing/openapi-conformance.ts';

/** What the tests read of the OpenAPI document. */
interface Operation {
  operationId: string;
  security: object[];
  parameters: { name: string; in: string; schema: { type?: string; pattern?: string } }[];
  requestBody?: { content: Record<string, { schema: Body }> };
}
interface Body {
  required?: string[];
  properties: Record<string, { type?: string | string[]; enum?: string[]; pattern?: string }>;
}
interface Call {
  method: string;
  path: string;
  operation: Operation;
  body: Body | null;
}

const BAD_IDS = [
  '0',
  '-1',
  '01',
  '1.5',
  '1e9',
  'NaN',
  'Me',
  'null',
  '%00',
  '%20',
  '12345678901234567',
  '１',
  '1;2',
  '..%2F1',
];
const BAD_NUMBERS = [
  '0',
  '-1',
  '101',
  '1e9',
  '1000000000',
  'NaN',
  'Infinity',
  '1.5',
  '',
  '+5',
  '0x10',
  '٣',
  '5,6',
];
const BAD_TOKENS = ['x', 'Bearer', 'null', 'a.b.c', 'x'.repeat(500), 'é', "' OR 1=1 --"];

describe('bad input', () => {
  let api: Api;
  let ada: Someone;
  let bob: Someone;
  let tweetId: string;
  let calls: Call[];
  before(async () => {
    api = await openApi();
    ada = await api.someone('ada');
    bob = await api.someone('bob');
    tweetId = (await ada.post('/postTweet', { content: 'hello' })).body.tweetId;
    calls = Object.entries(api.document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) =>
        callOf(path, method, withoutReferences(api.document, operation) as Operation),
      ),
    );
  });
  after(async () => {
    await api.close();
  });

  /** Sends as Ada; asserts a problem with that status, and returns it. No response is ever a 5xx. */
  async function refused(call: Call, to: { path?: string; query?: string; body?: unknown }, status = 400) {
    const path = to.path ?? filled(call.path, { id: tweetId, userId: 'me' });
    const said = await fetch(`${api.url}${path}${to.query ?? ''}`, {
      method: call.method,
      headers: { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' },
      ...(to.body === undefined
        ? {}
        : { body: typeof to.body === 'string' ? to.body : JSON.stringify(to.body) }),
    });
    const body = (await said.json()) as { code: string; errors?: { pointer: string; detail: string }[] };
    const received = { status: said.status, headers: said.headers, body };
    const what = `${call.operation.operationId} with ${JSON.stringify(to)}: ${JSON.stringify(body)}`;
    assert.equal(said.status, status, what);
    api.conformance.check(call.method, path, received);
    return { ...body, what, pointers: body.errors?.map(({ pointer }) => pointer) ?? [] };
  }

  test('every id in every path is refused where it is none, and named', async () => {
    for (const call of calls) {
      for (const { name, schema } of call.operation.parameters.filter(
        (parameter) => parameter.in === 'path',
      )) {
        if (schema.pattern === undefined) continue;
        for (const id of BAD_IDS) {
          const path = filled(call.path, { id: tweetId, userId: 'me', [name]: id });
          const { pointers, what } = await refused(call, {
            path,
            body: call.body === null ? undefined : bodyOf(call.body),
          });
          assert.deepEqual(pointers, [`#/path/${name}`], what);
        }
      }
    }
  });

  test('every limit and k is refused outside its range', async () => {
    for (const call of calls) {
      for (const { name, schema } of call.operation.parameters.filter(
        (parameter) => parameter.in === 'query',
      )) {
        if (schema.type !== 'integer') continue;
        for (const value of BAD_NUMBERS) {
          const query = `?${name}=${value}`;
          const { pointers, what } = await refused(call, { query });
          assert.ok(pointers.includes(`#/query/${name}`), what);
        }
        const { pointers, what } = await refused(call, { query: `?${name}=5&${name}=5` });
        assert.ok(pointers.includes(`#/query/${name}`), what);
      }
    }
  });

  test('every call refuses, by name, a query parameter that it does not know', async () => {
    for (const call of calls) {
      // What comes as multipart is refused for its Content-Type first.
      if (call.operation.requestBody !== undefined && call.body === null) continue;
      const { pointers, what } = await refused(call, {
        query: '?surprise=1',
        body: call.body === null ? undefined : bodyOf(call.body),
      });
      assert.ok(pointers.includes('#/query/surprise'), what);
    }
  });

  test('every cursor is refused where it was made up', async () => {
    for (const call of calls) {
      if (!call.operation.parameters.some(({ name }) => name === 'cursor')) continue;
      for (const cursor of [
        'x',
        'null',
        '1',
        'A'.repeat(107),
        'MTIz',
        '%00',
        encodeURIComponent('{"id":1}'),
      ]) {
        assert.equal((await refused(call, { query: `?cursor=${cursor}` })).code, 'invalid_cursor');
      }
      assert.equal((await refused(call, { query: '?cursor=' })).code, 'invalid_request');
      assert.equal((await refused(call, { query: `?cursor=${'x'.repeat(1_000)}` })).code, 'invalid_request');
    }
  });

  test('every body is refused where it is no JSON, no object, has a field of another type or an unknown one', async () => {
    for (const call of calls) {
      if (call.body === null) continue;
      const good = bodyOf(call.body);
      for (const body of ['', '{', '{"a":1,}', 'undefined', '{"a":NaN}', '\u0000']) {
        assert.equal((await refused(call, { body })).code, 'invalid_json');
      }
      for (const body of ['null', '[]', '"x"', '1', 'true', '[{}]']) {
        assert.equal((await refused(call, { body })).code, 'invalid_request');
      }
      for (const name of ['surprise', '__proto__', 'constructor', 'toString', '']) {
        const { pointers, what } = await refused(call, {
          body: JSON.stringify(good).replace(/^\{/, `{"${name}":1,`).replace(',}', '}'),
        });
        assert.ok(pointers.includes(`#/${name}`), what);
      }
      for (const name of call.body.required ?? []) {
        const { [name]: _, ...rest } = good;
        const { pointers, what } = await refused(call, { body: rest });
        assert.deepEqual(pointers, [`#/${name}`], what);
      }
      for (const [name, { type }] of Object.entries(call.body.properties)) {
        for (const value of [1, 'x', true, [], {}, null, [1], { a: 1 }]) {
          const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
          if (type === undefined || [type].flat().includes(kind)) continue;
          const { pointers, what } = await refused(call, { body: { ...good, [name]: value } });
          assert.ok(
            pointers.every((pointer) => pointer.startsWith(`#/${name}`)) && pointers.length > 0,
            what,
          );
        }
      }
    }
  });

  test('every id in every body is refused where it is none', async () => {
    for (const call of calls) {
      for (const [name, { pattern }] of Object.entries(call.body?.properties ?? {})) {
        if (call.body === null || pattern?.startsWith('^[1-9]') !== true) continue;
        for (const id of [...BAD_IDS, 'me', '']) {
          const { pointers, what } = await refused(call, { body: { ...bodyOf(call.body), [name]: id } });
          assert.deepEqual(pointers, [`#/${name}`], what);
        }
      }
    }
  });

  test('every call that needs a token says so, and every call refuses a bad one', async () => {
    for (const { method, path, operation, body } of calls) {
      const send = (headers: Record<string, string>) =>
        fetch(api.url + filled(path, { id: tweetId, userId: 'me' }), {
          method,
          headers: { 'content-type': 'application/json', ...headers },
          ...(body === null ? {} : { body: JSON.stringify(bodyOf(body)) }),
        });
      const needed =
        operation.security.length > 0 && !operation.security.some((way) => Object.keys(way).length === 0);
      if (needed) assert.equal((await send({})).status, 401, operation.operationId);
      for (const token of BAD_TOKENS) {
        const response = await send({ authorization: `Bearer ${token}` });
        assert.equal(response.status, 401, `${operation.operationId} with ${token}`);
        assert.equal(response.headers.get('www-authenticate'), 'Bearer realm="warble"');
        assert.equal(((await response.json()) as { code: string }).code, 'unauthenticated');
      }
    }
  });

  for (const [name, content] of [
    ['nothing', ''],
    ['spaces and line breaks', ' \r\n\t '],
    ['too many characters', 'x'.repeat(LIMITS.textGraphemes + 1)],
    ['too many families', '👩‍👩‍👧‍👦'.repeat(LIMITS.textGraphemes + 1)],
    ['more bytes than a text has', `e${'\u0301'.repeat(LIMITS.textBytes)}`],
    ['a lone surrogate', 'a\ud800b'],
    ['a control character', 'a\u0000b'],
    ['a C1 control', 'a\u0085b'],
    ['an override of direction', 'a\u202eb'],
    ['nothing visible', '\u200b\u200d\u2800'],
    ['a combining mark alone', '\u0301'],
  ] as const) {
    test(`${name} is refused as the text of a tweet and of a comment`, async () => {
      for (const [path, body] of [
        ['/postTweet', { content }],
        ['/comment', { content, tweetId }],
      ] as const) {
        const { status, body: problem } = await ada.post(path, body);
        assert.deepEqual([status, problem.code], [400, 'invalid_text'], JSON.stringify(problem));
      }
    });
  }

  test('names and bios refuse the same, and what is too long', async () => {
    for (const body of [
      { name: 'x'.repeat(51) },
      { bio: 'x'.repeat(161) },
      { name: 'a\u202eb' },
      { bio: 'a\u0000b' },
      { name: '\ud800' },
    ]) {
      const { status, body: problem } = await ada.post('/me/profile', body);
      assert.deepEqual([status, problem.code], [400, 'invalid_text'], JSON.stringify(body));
    }
  });

  test('images are names of what one uploaded, at most four, never paths', async () => {
    for (const image of [
      'image1.png',
      '../../etc/passwd',
      '/etc/passwd',
      'http://x.example/a.png',
      '..',
      'a\u0000b',
    ]) {
      const { status, body } = await ada.post('/postTweet', { content: 'x', images: [image] });
      assert.deepEqual([status, body.code], [400, 'unknown_image'], image);
      assert.equal((await ada.post('/me/profile', { picture: image })).body.code, 'unknown_image');
    }
    for (const images of [['a', 'b', 'c', 'd', 'e'], [''], ['x'.repeat(256)], 'a.png', [1], [['a']]]) {
      const { status, body } = await ada.post('/postTweet', { content: 'x', images });
      assert.deepEqual([status, body.code], [400, 'invalid_request'], JSON.stringify(images));
    }
  });

  test('an idempotency key has 1 to 255 printable ASCII characters', async () => {
    for (const key of ['', 'x'.repeat(256), 'é', 'a\tb']) {
      const { status, body } = await ada.post('/postTweet', { content: 'x' }, { 'idempotency-key': key });
      assert.deepEqual([status, body.errors[0].pointer], [400, '#/header/idempotency-key'], key);
    }
  });

  test('a body that is too large is refused, whatever it holds', async () => {
    const { status, body } = await ada.post('/postTweet', { content: 'x'.repeat(70_000) });
    assert.deepEqual([status, body.code], [413, 'too_large']);
  });

  test('parameters of one list of tweets are refused, by name, at another', async () => {
    for (const [query, name] of [
      ['own=true', 'own'],
      ['order=top', 'order'],
      ['k=5', 'k'],
      ['window=24h', 'window'],
      ['followed=false&own=true', 'own'],
      ['followed=true&k=5', 'k'],
      ['followed=true&window=7d', 'window'],
      ['followed=true&order=top&limit=5', 'limit'],
      ['followed=true&order=top&cursor=x', 'cursor'],
      ['followed=true&order=top&own=true', 'own'],
    ] as const) {
      const { status, body } = await ada.get(`/me/tweets?${query}`);
      assert.equal(status, 400, query);
      assert.equal(body.errors[0].pointer, `#/query/${name}`);
    }
  });

  test('what is absent is 404 everywhere, however large its id', async () => {
    for (const id of ['999999', '4294967296', '9007199254740992', '9999999999999999']) {
      for (const path of [
        `/${id}/profile`,
        `/${id}/tweets`,
        `/${id}/followers`,
        `/${id}/following`,
        `/${id}/mutuals`,
        `/${id}/followers-you-know`,
        `/tweets/${id}`,
        `/tweets/${id}/likes`,
        `/tweets/${id}/comments`,
        `/tweets/${id}/reposts`,
      ]) {
        assert.equal((await bob.get(path)).status, 404, path);
      }
      for (const [path, body] of [
        ['/follow', { userId: id }],
        ['/block', { userId: id }],
        ['/mute', { userId: id }],
        ['/bell', { userId: id, level: 'all' }],
        [`/me/follow-requests/${id}`, { approve: true }],
        ['/like', { tweetId: id }],
        ['/repost', { tweetId: id }],
        ['/comment', { tweetId: id, content: 'x' }],
        ['/muteThread', { tweetId: id }],
      ] as const) {
        assert.equal((await bob.post(path, body)).status, 404, `${path} ${id}`);
      }
      assert.equal((await bob.delete(`/tweets/${id}`)).status, 404);
      assert.equal((await bob.delete(`/tweets/${id}/comments/${id}`)).status, 404);
      assert.equal((await bob.get(`/${id}/notifications`)).status, 403);
      assert.equal((await bob.get(`/${id}/tweets?followed=true`)).status, 403);
    }
  });

  test('nothing of all this was unexpected', () => {
    assert.deepEqual(
      api.logged.filter((fields) => 'err' in fields),
      [],
    );
  });
});

function callOf(path: string, method: string, operation: Operation): Call {
  const body = operation.requestBody?.content['application/json']?.schema ?? null;
  return { path, method: method.toUpperCase(), operation, body };
}

/** A path with values for its parameters; ids where nothing else is given. */
function filled(path: string, values: Record<string, string>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? values.id ?? '1');
}

/** A body that its schema lets through. */
function bodyOf({ required = [], properties }: Body): Record<string, unknown> {
  return Object.fromEntries(
    required.map((name) => {
      const { type, enum: choices, pattern } = properties[name]!;
      if (choices !== undefined) return [name, choices[0]];
      if (type === 'boolean') return [name, true];
      if (type === 'object') return [name, {}];
      return [name, pattern?.startsWith('^[1-9]') ? '1' : 'long_enough'];
    }),
  );
}
