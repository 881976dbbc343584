/** Which cookie, and which page, counts where: on loopback without TLS, and behind a proxy that ends TLS. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyRequest } from 'fastify';
import { isWarbleError } from '#contract/errors.ts';
import { callerOf } from './authentication.ts';

/** Who is found by a request for this host, over plain HTTP as it comes from a proxy too. */
async function found(host: string, method: string, headers: Record<string, string>): Promise<string> {
  const hostname = host.replace(/:\d+$/, '');
  const request = { headers, method, protocol: 'http', hostname, host } as unknown as FastifyRequest;
  const authenticate = async (token: string) => ({ userId: 7, sessionId: token });
  try {
    return (await callerOf(request, 'required', authenticate))?.sessionId ?? 'nobody';
  } catch (error) {
    if (isWarbleError(error)) return error.code;
    throw error;
  }
}

test('the unprefixed cookie, which a neighbouring host could set, counts on loopback alone', async () => {
  const both = { cookie: 'warble=plain; __Host-warble=bound' };
  const plain = { cookie: 'warble=plain' };
  for (const host of ['127.0.0.1:3000', 'localhost:3000', '[::1]:3000', '127.8.9.1']) {
    assert.equal(await found(host, 'GET', both), 'plain', host);
    assert.equal(await found(host, 'GET', plain), 'plain', host);
  }
  for (const host of ['warble.example', 'localhost.example:3000', '127.0.0.1.example', '10.0.0.1:3000']) {
    assert.equal(await found(host, 'GET', both), 'bound', host);
    assert.equal(await found(host, 'GET', plain), 'unauthenticated', host);
  }
});

test('this site is its host, its port and, but for loopback, HTTPS', async () => {
  const write = (host: string, origin: string) =>
    found(host, 'POST', { origin, cookie: 'warble=in; __Host-warble=in' });
  assert.equal(await write('warble.example', 'https://warble.example'), 'in');
  assert.equal(await write('warble.example:443', 'https://warble.example'), 'in');
  assert.equal(await write('warble.example', 'http://warble.example'), 'forbidden');
  assert.equal(await write('warble.example', 'https://warble.example:8443'), 'forbidden');
  assert.equal(await write('warble.example', 'https://evil.example'), 'forbidden');
  assert.equal(await write('127.0.0.1:3000', 'http://127.0.0.1:3000'), 'in');
  assert.equal(await write('127.0.0.1:3000', 'https://127.0.0.1:3000'), 'forbidden');
  assert.equal(await write('127.0.0.1:3000', 'http://127.0.0.1:3001'), 'forbidden');
});
