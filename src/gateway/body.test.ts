/** Bodies are read as plain UTF-8, so whatever says that it is something else is refused and not misread. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { post, problemIn, raw, serve } from '#http/testing/server.ts';
import { onSite } from './testing/accounts.ts';

const TEXT = '{"text":"naïve"}';
const JSON_TYPE = 'application/json';

test('an encoded body is 415 and says how to send it; identity is no encoding', async () => {
  const { url } = await serve();
  const echo = `${url}/api/v1/echo`;
  const gzipped = new Uint8Array(gzipSync(TEXT));
  for (const coding of ['gzip', 'GZIP', 'br', 'deflate', 'identity, gzip', 'x-unknown']) {
    // Also where the bytes are not what the header says: what was said counts.
    for (const body of [gzipped, TEXT]) {
      const response = await post(echo, body, { 'content-encoding': coding });
      assert.equal(response.headers.get('accept-encoding'), 'identity', coding);
      const problem = await problemIn(response);
      assert.deepEqual([problem.status, problem.code], [415, 'unsupported_media_type'], coding);
      assert.match(problem.detail, /without Content-Encoding/);
    }
  }
  assert.equal((await post(echo, TEXT, { 'content-encoding': 'identity' })).status, 200);
});

test('a coding of the transfer is refused alike; chunks are none', async () => {
  const { port } = await serve();
  const send = (coding: string) =>
    raw(
      port,
      `POST /api/v1/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${JSON_TYPE}\r\n` +
        `Transfer-Encoding: ${coding}\r\n\r\nc\r\n{"text":"a"}\r\n0\r\n\r\n`,
    );
  for (const coding of ['gzip, chunked', 'deflate,chunked'])
    assert.match(await send(coding), /^HTTP\/1\.1 415 /);
  for (const coding of ['chunked', 'Chunked']) assert.match(await send(coding), /^HTTP\/1\.1 200 /);
});

test('a charset other than UTF-8 is 415, however it is written', async () => {
  const { url } = await serve();
  const echo = `${url}/api/v1/echo`;
  for (const charset of [
    'utf-16',
    '"utf-16"',
    'UTF-16LE',
    'iso-8859-1',
    'utf-8; charset=utf-16',
    'utf-8x',
    '""',
    '',
    "'utf-8'",
  ]) {
    const type = `${JSON_TYPE}; charset=${charset}`;
    const problem = await problemIn(await post(echo, TEXT, { 'content-type': type }));
    assert.deepEqual([problem.status, problem.code], [415, 'unsupported_media_type'], type);
  }
  for (const type of [
    `${JSON_TYPE};charset=utf-8`,
    `${JSON_TYPE}; CHARSET="UTF-8"`,
    `${JSON_TYPE} ; charset=utf8 ; version=1`,
    `${JSON_TYPE}; charset=us-ascii`,
    `${JSON_TYPE}; version=1`,
  ]) {
    const response = await post(echo, TEXT, { 'content-type': type });
    assert.deepEqual(
      [response.status, ((await response.json()) as { text: string }).text],
      [200, 'naïve'],
      type,
    );
  }
});

test('a call without a body ignores both', async () => {
  const { url } = await serve();
  const headers = {
    authorization: 'Bearer good',
    'content-encoding': 'gzip',
    'content-type': `${JSON_TYPE}; charset=utf-16`,
  };
  assert.equal((await post(`${url}/api/v1/nothing/5`, 'x', headers)).status, 200);
  assert.equal((await fetch(`${url}/api/v1/page`, { headers })).status, 200);
});

test('an upload is refused alike', () =>
  onSite(async (site) => {
    const json = { handle: 'Ann', password: 'a good sentence' };
    const token = (await site.call('POST', '/signup', { json })).body.token as string;
    const form = new FormData();
    form.set('alt', 'x');
    const upload = (headers: Record<string, string>) => site.call('POST', '/media', { token, form, headers });
    assert.equal((await upload({ 'content-encoding': 'gzip' })).status, 415);
    assert.equal((await upload({})).status, 400, 'for want of a file');
  }));
