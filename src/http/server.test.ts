import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { logged, PAGE, post, problemIn, raw, serve } from './testing/server.ts';

describe('a server', async () => {
  const server = await serve();
  const echo = `${server.url}/api/v1/echo`;

  test('answers a write with status, time and what the call says', async () => {
    const response = await post(echo, '{"text":"👩‍👩‍👧‍👦"}', { authorization: 'Bearer good' });
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), {
      status: 200,
      time: '2026-01-21T10:24:01.000Z',
      text: '👩‍👩‍👧‍👦',
      caller: 7,
    });
    assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.match(response.headers.get('x-request-id') ?? '', /^[0-9a-f]{8}-[0-9a-z]+$/);
  });

  test('sends what was put together already as it is, with every header, and to HEAD without its body', async () => {
    const page = await fetch(`${server.url}/api/v1/page`);
    assert.equal(await page.text(), PAGE);
    const head = await fetch(`${server.url}/api/v1/page`, { method: 'HEAD' });
    for (const { status, headers } of [page, head]) {
      assert.equal(status, 200);
      assert.equal(headers.get('content-length'), String(Buffer.byteLength(PAGE)));
      assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.match(headers.get('x-request-id') ?? '', /^[0-9a-f]{8}-[0-9a-z]+$/);
    }
    assert.equal(await head.text(), '');
  });

  test('closes connections once it is draining, however the response was made', async () => {
    const draining = await serve();
    draining.startDraining();
    for (const path of ['/plain', '/api/v1/page']) {
      const response = await raw(draining.port, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      assert.match(response, /^HTTP\/1\.1 200 [\s\S]*\r\nconnection: close\r\n/i);
    }
  });

  for (const [name, body] of [
    ['nothing', ''],
    ['half an object', '{"text":'],
    ['two values', '{"text":"a"}{}'],
    ['a bare word', 'hello'],
    ['NaN', '{"text":NaN}'],
    ['bytes that are no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])],
  ] as const) {
    test(`refuses ${name} as JSON`, async () => {
      const problem = await problemIn(await post(echo, body));
      assert.equal(problem.code, 'invalid_json');
    });
  }

  for (const [body, pointers] of [
    ['{}', ['#/text']],
    ['[]', ['#']],
    ['null', ['#']],
    ['"text"', ['#']],
    ['{"text":1}', ['#/text']],
    ['{"text":null}', ['#/text']],
    ['{"text":"a","more":1,"x/y~z":2}', ['#/more', '#/x~1y~0z']],
    ['{"text":"a","__proto__":{"x":1}}', ['#/__proto__']],
    ['{"text":"a","constructor":{"prototype":1}}', ['#/constructor']],
    ['{"text":"a","tags":["a","b","c"]}', ['#/tags']],
    ['{"text":"a","tags":"a"}', ['#/tags']],
    ['{"tags":[1,"a"]}', ['#/tags/0', '#/text']],
  ] as const) {
    test(`refuses ${body} and names ${pointers.join(', ')}`, async () => {
      const problem = await problemIn(await post(echo, body));
      assert.equal(problem.code, 'invalid_request');
      assert.deepEqual(problem.errors?.map(({ pointer }) => pointer).sort(), [...pointers].sort());
    });
  }

  test('lists a bounded number of faults, with bounded names', async () => {
    const body = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`${'x'.repeat(20)}${i}`, i]));
    const problem = await problemIn(await post(echo, JSON.stringify({ ...body, ['y'.repeat(9_000)]: 1 })));
    assert.ok((problem.errors?.length ?? 0) <= 20);
    assert.ok(JSON.stringify(problem).length < 4_000);
  });

  test('takes JSON by any name of it, and nothing else', async () => {
    for (const type of ['application/json; charset=utf-8', 'application/vnd.api+json', 'APPLICATION/JSON']) {
      assert.equal((await post(echo, '{"text":"a"}', { 'content-type': type })).status, 200, type);
    }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'nonsense']) {
      const problem = await problemIn(await post(echo, '{"text":"a"}', { 'content-type': type }));
      assert.equal(problem.code, 'unsupported_media_type', type);
    }
  });

  test('refuses a body that is too large, announced or not', async () => {
    const large = JSON.stringify({ text: 'x'.repeat(70_000) });
    assert.equal((await problemIn(await post(echo, large))).code, 'too_large');
    const stream = new Blob([large]).stream();
    const response = await fetch(echo, {
      method: 'POST',
      body: stream,
      headers: { 'content-type': 'application/json' },
      duplex: 'half',
    } as RequestInit);
    assert.equal((await problemIn(response)).code, 'too_large');
  });

  test('ignores body and Content-Type where a call takes none', async () => {
    const headers = { authorization: 'Bearer good' };
    for (const type of ['application/json', 'text/plain', 'nonsense', 'multipart/form-data']) {
      const url = `${server.url}/api/v1/nothing/5`;
      assert.equal(
        (await fetch(url, { method: 'DELETE', headers: { ...headers, 'content-type': type } })).status,
        200,
      );
      assert.equal((await post(url, '{"half":', { ...headers, 'content-type': type })).status, 200, type);
    }
  });

  test('asks for a token where one is needed, and refuses a bad one everywhere', async () => {
    for (const [path, method] of [
      ['nothing/5', 'DELETE'],
      ['echo', 'POST'],
      ['broken', 'GET'],
    ] as const) {
      for (const authorization of ['Bearer bad', 'Bearer', 'Basic Z29vZA==', 'good', 'Bearer good good']) {
        const response = await fetch(`${server.url}/api/v1/${path}`, { method, headers: { authorization } });
        assert.equal(response.status, 401, `${path} with ${authorization}`);
        assert.equal(response.headers.get('www-authenticate'), 'Bearer realm="warble"');
        assert.equal((await problemIn(response)).code, 'unauthenticated');
      }
    }
    const response = await fetch(`${server.url}/api/v1/nothing/5`, { method: 'DELETE' });
    assert.equal((await problemIn(response)).code, 'unauthenticated');
  });

  test('takes a write by cookie from this site alone, and clears a bad cookie', async () => {
    const write = (headers: Record<string, string>) =>
      fetch(`${server.url}/api/v1/nothing/5`, { method: 'DELETE', headers });
    const cookie = 'other=1; warble=good';
    assert.equal((await write({ cookie })).status, 403);
    assert.equal((await write({ cookie, 'sec-fetch-site': 'same-origin' })).status, 200);
    assert.equal((await write({ cookie, 'sec-fetch-site': 'cross-site', origin: server.url })).status, 403);
    assert.equal((await write({ cookie, origin: server.url })).status, 200);
    assert.equal((await write({ cookie, origin: 'http://evil.example' })).status, 403);
    assert.equal((await write({ cookie, origin: 'null' })).status, 403);
    assert.equal((await write({ cookie, authorization: 'Bearer bad' })).status, 401);
    const stale = await write({ cookie: 'warble=bad', 'sec-fetch-site': 'same-origin' });
    assert.equal(stale.status, 401);
    assert.match(stale.headers.getSetCookie().join(), /__Host-warble=; .*Max-Age=0.*,warble=; .*Max-Age=0/);
  });

  test('tells what is not there from what takes another method', async () => {
    assert.equal((await problemIn(await fetch(`${server.url}/api/v1/nowhere`))).code, 'not_found');
    for (const [method, path, allow] of [
      ['GET', '/api/v1/echo', 'OPTIONS, POST'],
      ['PUT', '/api/v1/nothing/5?x=1', 'OPTIONS, DELETE, POST'],
      ['PATCH', '/plain', 'OPTIONS, GET, HEAD'],
      ['PROPFIND', '/plain', 'OPTIONS, GET, HEAD'],
      ['QUERY', '/plain', 'OPTIONS, GET, HEAD'],
    ] as const) {
      const response = await fetch(server.url + path, { method });
      assert.equal(response.headers.get('allow'), allow);
      assert.equal((await problemIn(response)).code, 'method_not_allowed');
    }
    const options = await fetch(echo, { method: 'OPTIONS' });
    assert.deepEqual([options.status, options.headers.get('allow')], [204, 'OPTIONS, POST']);
    assert.equal((await fetch(`${server.url}/plain`, { method: 'HEAD' })).status, 200);
  });

  test('refuses paths and parameters that are none', async () => {
    const authorization = 'Bearer good';
    for (const path of [
      'nothing/0',
      'nothing/abc',
      `nothing/${'1'.repeat(300)}x`,
      'nothing/5?x=1',
      'nothing/%00',
    ]) {
      const response = await fetch(`${server.url}/api/v1/${path}`, {
        method: 'DELETE',
        headers: { authorization },
      });
      assert.equal((await problemIn(response)).code, 'invalid_request', path);
    }
    const reply = await raw(server.port, 'GET /api/v1/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.match(reply, /^HTTP\/1\.1 400 /);
    assert.match(reply, /"code":"invalid_request"/);
  });

  test('hides what went wrong inside, and logs it', async () => {
    const response = await fetch(`${server.url}/api/v1/broken`);
    assert.equal(response.headers.get('retry-after'), '1');
    const problem = await problemIn(response);
    assert.equal(problem.code, 'unavailable');
    assert.ok(!JSON.stringify(problem).includes('secret'));
    assert.ok(logged.some(({ err }) => err instanceof Error && err.message === 'secret of the house'));
  });

  test('answers what Node would refuse without a word with problems, and ignores what may be ignored', async () => {
    const get = 'GET /plain HTTP/1.1\r\nConnection: close\r\n';
    const refused = /^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*"code":"invalid_request"/i;
    assert.match(await raw(server.port, `${get}\r\n`), refused, 'no Host');
    assert.match(await raw(server.port, `${get}Host: x\r\nHOST: y\r\n\r\n`), refused, 'two');
    assert.match(await raw(server.port, 'CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n'), refused);
    const success = /^HTTP\/1\.1 200 /;
    assert.match(await raw(server.port, `${get}Host: x\r\nExpect: 200-maybe\r\n\r\n`), success);
    assert.match(await raw(server.port, 'GET /plain HTTP/1.0\r\n\r\n'), success, '1.0 knows no Host');
  });

  test('answers what is no HTTP, and headers that are too large, with problems', async () => {
    assert.match(
      await raw(server.port, 'nonsense\r\n\r\n'),
      /^HTTP\/1\.1 400 [\s\S]*"code":"invalid_request"/,
    );
    const large = `GET /plain HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`;
    assert.match(await raw(server.port, large), /^HTTP\/1\.1 431 [\s\S]*"code":"headers_too_large"/);
  });

  test('logs route, status, user and request id; never a token, a text or a path', async () => {
    logged.length = 0;
    await post(`${echo}?secret=1`, '{"text":"my secret"}', {
      authorization: 'Bearer good',
      'x-request-id': 'my-trace-1',
    });
    await post(echo, '{"text":"my secret"}', { authorization: 'Bearer secret' });
    const done = () => logged.filter(({ route }) => route === '/api/v1/echo');
    while (done().length < 2) await new Promise((resolve) => setImmediate(resolve));
    const [first, second] = done();
    assert.deepEqual(
      { ...first, duration_ms: 0 },
      {
        requestId: 'my-trace-1',
        method: 'POST',
        route: '/api/v1/echo',
        status: 400,
        duration_ms: 0,
        userId: 7,
        address: '127.0.0.1',
      },
    );
    assert.equal(second?.status, 401);
    assert.ok(!JSON.stringify(logged).includes('secret'));
  });

  test('counts every response by route, method and status', async () => {
    const text = await server.metrics.registry.metrics();
    assert.match(
      text,
      /warble_http_request_duration_seconds_count\{route="\/api\/v1\/echo",method="POST",status="200"\} \d+/,
    );
    assert.match(text, /warble_http_requests_in_flight \d+/);
  });
});
