import assert from 'node:assert/strict';
import { test } from 'node:test';
import fastify from 'fastify';
import { clientAddressOf, countedAddress, createTrustProxy } from './addresses.ts';

const addressTable: [
  why: string,
  trusted: string[],
  socket: string,
  forwarded: string | undefined,
  counts: string,
][] = [
  ['nobody is trusted', [], '10.0.0.1', '1.2.3.4', '10.0.0.1'],
  ['a stranger says what they like', ['10.0.0.0/8'], '9.9.9.9', '1.2.3.4', '9.9.9.9'],
  ['a proxy says who it was', ['10.0.0.0/8'], '10.0.0.1', '1.2.3.4', '1.2.3.4'],
  [
    'what the client itself sent along is not believed',
    ['10.0.0.0/8'],
    '10.0.0.1',
    '6.6.6.6, 1.2.3.4',
    '1.2.3.4',
  ],
  ['a chain of proxies', ['10.0.0.0/8'], '10.0.0.1', '6.6.6.6, 1.2.3.4, 10.0.0.2', '1.2.3.4'],
  ['all hops trusted: the farthest', ['10.0.0.0/8'], '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['rubbish ends the chain', ['10.0.0.0/8'], '10.0.0.1', '1.2.3.4, unknown', '10.0.0.1'],
  ['rubbish beyond a stranger is nobody’s', ['10.0.0.0/8'], '10.0.0.1', 'unknown, 1.2.3.4', '1.2.3.4'],
  ['some proxies add the port', ['10.0.0.0/8'], '10.0.0.1', '1.2.3.4:5678', '1.2.3.4'],
  ['also of IPv6', ['10.0.0.0/8'], '10.0.0.1', '[2001:db8:1:2::9]:443', '2001:db8:1:2::/64'],
  ['a trusted proxy with its port', ['10.0.0.0/8'], '10.0.0.1', '1.2.3.4, 10.0.0.2:80', '1.2.3.4'],
  ['an empty header', ['10.0.0.0/8'], '10.0.0.1', ' , ', '10.0.0.1'],
  ['a chain without end', ['10.0.0.0/8'], '10.0.0.1', `1.2.3.4${', 10.0.0.9'.repeat(40)}`, '10.0.0.9'],
  ['no header', ['10.0.0.0/8'], '10.0.0.1', undefined, '10.0.0.1'],
  ['IPv4 in the clothes of IPv6', ['10.0.0.1'], '::ffff:10.0.0.1', '::ffff:1.2.3.4', '1.2.3.4'],
  ['an IPv6 network is one', [], '2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2::/64'],
  ['however it is written', [], '2001:0DB8:1:2::9%eth0', undefined, '2001:db8:1:2::/64'],
  ['and where the zeros are in it', [], '2001:db8::1', undefined, '2001:db8:0:0::/64'],
  ['and at the beginning', [], '::1', undefined, '0:0:0:0::/64'],
  ['IPv6 proxies', ['fd00::/8'], 'fd00::1', '2001:db8::1', '2001:db8:0:0::/64'],
];
for (const [why, trusted, socketAddress, forwarded, counts] of addressTable) {
  test(`the address that counts: ${why}`, async () => {
    const app = fastify({ trustProxy: createTrustProxy(trusted) ?? false });
    app.get('/', async (request) => countedAddress(clientAddressOf(request)));
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    const response = await app.inject({ url: '/', remoteAddress: socketAddress, headers });
    assert.equal(response.body, counts);
  });
}

test('a range that is none, or everybody, is refused by name', () => {
  for (const wrong of ['10.0.0.0/33', 'proxy.example', '10.0.0.0/', 'fd00::/129', '', '0.0.0.0/0', '::/0']) {
    assert.throws(
      () => createTrustProxy([wrong]),
      (error: Error) => error.message.includes(`"${wrong}"`),
    );
  }
});
