import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unprotectedWarning } from './exposure.ts';

test('a server that other machines reach without a proxy warns about it', () => {
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'warble.example']) {
    assert.match(unprotectedWarning({ host, trustedProxies: [] }) ?? '', /no proxy is named/, host);
    assert.equal(unprotectedWarning({ host, trustedProxies: ['10.0.0.0/8'] }), undefined, host);
  }
  for (const host of ['127.0.0.1', '::1', 'localhost']) {
    assert.equal(unprotectedWarning({ host, trustedProxies: [] }), undefined, host);
  }
});
