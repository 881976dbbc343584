import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';
import { createSeededRandom } from '#platform/random.ts';
import { createPasswordHasher } from './password-hasher.ts';
import { createPasswordRules } from './password-rules.ts';
import { CLIENT } from './testing/accounts.ts';

const random = createSeededRandom(1);
const rules = createPasswordRules();

test('a password is stored as argon2id with 19 MiB, 2 passes and 1 lane, salted', async () => {
  const hasher = createPasswordHasher({ random });
  const [one, two] = [
    await hasher.hash('a good sentence', CLIENT),
    await hasher.hash('a good sentence', CLIENT),
  ];
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.notEqual(one, two);
  assert.equal(await hasher.verify('a good sentence', one, CLIENT), true);
  assert.equal(await hasher.verify('a good sentence ', one, CLIENT), false);
});

test('a hash made at another cost is still verified', async () => {
  const old = await createPasswordHasher({ random, memory_KiB: 64, passes: 3 }).hash('secret words', CLIENT);
  assert.equal(
    await createPasswordHasher({ random, memory_KiB: 128 }).verify('secret words', old, CLIENT),
    true,
  );
});

test('the same characters composed differently are the same password', async () => {
  const hasher = createPasswordHasher({ random, memory_KiB: 64 });
  const composed = await hasher.hash('caf\u00e9 caf\u00e9', CLIENT);
  assert.equal(await hasher.verify('cafe\u0301 cafe\u0301', composed, CLIENT), true);
});

test('addresses take turns: many hashes of one do not hold up another', async () => {
  const hasher = createPasswordHasher({ random, memory_KiB: 64, concurrency: 1 });
  const done: string[] = [];
  const hash = async (address: string) => {
    await hasher.hash('secret words', { address });
    done.push(address);
  };
  await Promise.all([...Array.from({ length: 8 }, () => hash('10.0.0.1')), hash('10.0.0.2')]);
  assert.equal(done.indexOf('10.0.0.2'), 1, 'after the one that ran');
});

test('hashes of an address are refused beyond its bound; a /48 has four times as many', async () => {
  const hasher = createPasswordHasher({ random, memory_KiB: 64, maxPerAddress: 2 });
  const refusalsOf = async (addresses: string[]) => {
    const tries = await Promise.allSettled(
      addresses.map((address) => hasher.hash('secret words', { address })),
    );
    return tries.filter((tried) => tried.status === 'rejected').map(({ reason }) => reason);
  };
  const ofOne = await refusalsOf(Array.from({ length: 5 }, () => '10.0.0.1'));
  const network = Array.from({ length: 10 }, (_, i) => `2001:db8:1:${i.toString(16)}::/64`);
  const ofNetwork = await refusalsOf([...network, '2001:db8:2:0::/64']);
  assert.deepEqual([ofOne.length, ofNetwork.length], [3, 2]);
  for (const reason of [...ofOne, ...ofNetwork]) {
    assert.ok(isWarbleError(reason, 'rate_limited'));
    assert.equal(reason.retryAfter_s, 1);
  }
  assert.deepEqual(await refusalsOf(['10.0.0.1', '10.0.0.1']), [], 'when they are done there is room again');
});

test('hashes are refused beyond the bound of all addresses', async () => {
  const hasher = createPasswordHasher({ random, memory_KiB: 64, max: 3 });
  const tries = await Promise.allSettled(
    [1, 2, 3, 4, 5].map((i) => hasher.hash('secret words', { address: `10.0.0.${i}` })),
  );
  const refused = tries.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  assert.equal(refused.length, 2);
  for (const { reason } of refused) assert.ok(isWarbleError(reason, 'overloaded'));
});

test('the hash that no password matches costs as much to verify as one made now', async () => {
  const hasher = createPasswordHasher({ random, memory_KiB: 64, passes: 3 });
  const shape = (hash: string) => hash.replace(/\w+$/, '').split('$').slice(0, 4);
  assert.deepEqual(shape(hasher.unmatched), shape(await hasher.hash('secret words', CLIENT)));
  assert.equal(await hasher.verify('', hasher.unmatched, CLIENT), false);
});

test('commonly used passwords are refused, also with suffixes', async () => {
  for (const password of [
    'password',
    'Password1',
    'P@ssw0rd',
    'passw0rd123',
    'qwertyuiop',
    'QWERTY123',
    '12345678',
    '123456789',
    '87654321',
    'aaaaaaaa',
    '12121212',
    'abcabcabc',
    'iloveyou',
    'iloveyou2',
    'letmein1!',
    'welcome2024',
    'dragon123',
    'monkey12',
    'football1',
    'sunshine!',
    'superman99',
    'abcd1234',
    '1q2w3e4r',
    'qazwsxedc',
    'trustno1',
    'liverpool1',
    'asdfghjkl',
    '1qazxsw2',
    'midnight',
    'godzilla',
    'Instagram2024',
    'warble123',
  ]) {
    assert.equal(await rules.isCommon(password), true, password);
  }
  for (const password of [
    'correct horse battery staple',
    'a good sentence',
    'Tr0ub4dor&3',
    'hunter2hunter2',
    'xkcd-936-words',
    'пароль-мой-0',
    'f3kq9vXz',
    '日本語のパスワード',
    'secret-of-ann',
    'demo-password-1',
  ]) {
    assert.equal(await rules.isCommon(password), false, password);
  }
});

test('the 10,000 most used passwords of 8 characters and more are refused', async () => {
  const file = new URL(import.meta.resolve('@zxcvbn-ts/language-common/src/passwords.json'));
  const listed = JSON.parse(readFileSync(file, 'utf8')) as string[];
  const most = listed.filter((password) => password.length >= LIMITS.passwordMin).slice(0, 10_000);
  assert.equal(most.length, 10_000);
  for (const password of most) {
    await assert.rejects(
      rules.checkNew(password.toUpperCase(), 'somebody_x', '#/new'),
      (error) => isWarbleError(error, 'invalid_request') && error.errors?.[0]?.pointer === '#/new',
      password,
    );
  }
});

test('the handle with only digits and signs added is refused', async () => {
  const handles: [handle: string, passwords: string[]][] = [
    ['warbler', ['warbler1', 'Warbler2024', '19warbler90', 'warbler!!', 'WARBLER_1', 'warbler1warbler2']],
    ['anna_1990', ['anna_1990', 'anna1990', 'anna_1991', '1990anna!', 'ANNA_19901990']],
    ['77', ['77419382']],
  ];
  for (const [handle, passwords] of handles) {
    for (const password of passwords) {
      await assert.rejects(
        rules.checkNew(password, handle, '#/password'),
        /little more than the handle/,
        password,
      );
    }
  }
  for (const password of ['warbler in the reeds', 'my warbler 1', 'warblers1']) {
    await rules.checkNew(password, 'warbler', '#/password');
  }
});

test('a password has 8 to 128 characters, of any kind, and is not the handle', async () => {
  const check = (password: string) => rules.checkNew(password, 'Somebody_x', '#/password');
  for (const refused of ['', 'seven77', 'x7'.repeat(65), 'somebody_X']) {
    await assert.rejects(check(refused), (error) => isWarbleError(error, 'invalid_request'), refused);
  }
  for (const taken of [
    'eight 88',
    '👩‍👩‍👧 zwei',
    `${'🙂'.repeat(3)}x1y2z`,
    `${'long '.repeat(25)}er`,
    '  \t \u0000 x y',
  ]) {
    await assert.doesNotReject(check(taken), taken);
  }
});
