/** What the log tells of who came: enough to find an attacker, no more than the host wants to keep. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { LogAddresses } from '#http/log-address.ts';
import { type Api, openApi } from './testing/gateway.ts';

/** An API that is closed with its test, however that ends. */
async function openFor(context: TestContext, ...front: Parameters<typeof openApi>): Promise<Api> {
  const api = await openApi(...front);
  context.after(() => api.close());
  return api;
}

/** Line of the log whose request has this id; it is written when the response has left. */
async function lineOf({ logged }: Api, requestId: string): Promise<Record<string, unknown>> {
  const find = () => (logged as Record<string, unknown>[]).find((line) => line.requestId === requestId);
  while (find() === undefined) await new Promise((resolve) => setImmediate(resolve));
  return find()!;
}

const CLIENTS = {
  full: {
    '203.0.113.77': '203.0.113.77',
    '2001:db8:7:8::9': '2001:db8:7:8::9',
    '::ffff:203.0.113.77': '203.0.113.77',
  },
  shortened: {
    '203.0.113.77': '203.0.113.0/24',
    '2001:db8:7:8::9': '2001:db8:7::/48',
    '::ffff:203.0.113.77': '203.0.113.0/24',
    '2001:db8::': '2001:db8:0::/48',
  },
  none: { '203.0.113.77': undefined, '2001:db8:7:8::9': undefined },
} satisfies Record<LogAddresses, Record<string, string | undefined>>;

for (const [logAddresses, clients] of Object.entries(CLIENTS)) {
  test(`addresses are logged ${logAddresses}: the client’s, not the proxy’s`, async (context) => {
    const api = await openFor(context, {
      trustedProxies: ['127.0.0.1'],
      logAddresses: logAddresses as LogAddresses,
    });
    for (const [index, [client, shown]] of Object.entries(clients).entries()) {
      const id = `client-of-${index}`;
      await api.anybody.get('/tweets', { 'x-forwarded-for': `6.6.6.6, ${client}`, 'x-request-id': id });
      assert.equal((await lineOf(api, id)).address, shown, client);
    }
    const all = JSON.stringify(api.logged);
    if (logAddresses !== 'full') assert.ok(!all.includes('113.77') && !all.includes('7:8::9'), all);
  });
}

test('a failed sign-in is logged with the account that was tried, and never with what was typed', async (context) => {
  const api = await openFor(context);
  const ada = await api.someone('ada');
  const tries: [id: string, handle: string, accountId: number | undefined][] = [
    ['known-handle', 'ADA', Number(ada.id)],
    // Somebody types the password into the wrong field.
    ['unknown-handle', 'ada likes long passwords', undefined],
  ];
  for (const [id, handle, accountId] of tries) {
    const response = await api.anybody.post(
      '/login',
      { handle, password: 'wrong-secret' },
      { 'x-request-id': id },
    );
    assert.equal(response.status, 401);
    assert.ok(!JSON.stringify(response.body).includes('accountId'), 'the caller is not told');
    const line = await lineOf(api, id);
    assert.deepEqual([line.status, line.accountId, line.address], [401, accountId, '127.0.0.1']);
  }
  const right = { handle: 'ada', password: 'ada likes long passwords' };
  await api.anybody.post('/login', right, { 'x-request-id': 'right-password' });
  assert.equal((await lineOf(api, 'right-password')).accountId, undefined);
  const all = JSON.stringify(api.logged);
  for (const secret of ['ADA', 'likes long', 'wrong-secret', ada.token])
    assert.ok(!all.includes(secret), secret);
});

test('X-Forwarded-For from an address that is not trusted is a warning, once', async (context) => {
  const warnings = (api: Api) =>
    (api.logged as { message: string }[]).filter(({ message }) => message.includes('WARBLE_TRUSTED_PROXIES'));
  const ask = async (api: Api, headers: Record<string, string>) => {
    await api.anybody.get('/tweets', headers);
  };
  const unnamed = await openFor(context);
  await ask(unnamed, {});
  assert.equal(warnings(unnamed).length, 0);
  for (let i = 0; i < 3; i++) await ask(unnamed, { 'x-forwarded-for': '203.0.113.77' });
  const [warning] = warnings(unnamed) as { message: string; peer?: string }[];
  assert.equal(warnings(unnamed).length, 1);
  assert.equal(warning?.peer, '127.0.0.1');
  assert.match(warning!.message, /everybody behind it shares one limit; if it is your proxy, name it/);

  const elsewhere = await openFor(context, { trustedProxies: ['10.0.0.0/8'] });
  await ask(elsewhere, { 'x-forwarded-for': '203.0.113.77' });
  assert.equal(warnings(elsewhere).length, 1);

  const named = await openFor(context, { trustedProxies: ['127.0.0.1'] });
  await ask(named, { 'x-forwarded-for': '203.0.113.77' });
  assert.equal(warnings(named).length, 0);
});
