import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_CATALOGUE, type ErrorCode, unlessDown, WarbleError } from './errors.ts';

test('unlessDown turns a service that is down or too busy into null, and rethrows any other error', async () => {
  assert.equal(await unlessDown(Promise.resolve('an answer')), 'an answer');
  assert.equal(await unlessDown(Promise.resolve(undefined)), undefined, 'no answer is an answer');
  for (const [code, { status }] of Object.entries(ERROR_CATALOGUE)) {
    const answer = unlessDown(Promise.reject(new WarbleError(code as ErrorCode, 'Try again.')));
    if (status === 503) assert.equal(await answer, null, code);
    else await assert.rejects(answer, { code });
  }
  await assert.rejects(unlessDown(Promise.reject(new TypeError('a mistake'))), TypeError);
});
