import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from './config.ts';
import { ConfigError } from './config-error.ts';

const read = (argv: string[], env: Record<string, string> = {}) =>
  readSettings({ argv, env, defaultData: './data' }).config;

test('options override the environment, which overrides the defaults', () => {
  assert.deepEqual([read([]).port, read([]).host, read([]).data], [3000, '127.0.0.1', './data']);
  assert.equal(read([], { WARBLE_PORT: '0' }).port, 0);
  assert.equal(read(['--port', '5000'], { WARBLE_PORT: '4000' }).port, 5000);
});

test('pictures and uploads have bounds', () => {
  const { pictureMegapixels, uploadsMiB } = read([], { WARBLE_UPLOADS_MIB: '64' });
  assert.deepEqual([pictureMegapixels, uploadsMiB], [100, 64]);
});

test('a public URL is reduced to its origin', () => {
  assert.equal(read([]).publicUrl, null);
  assert.equal(
    read([], { WARBLE_PUBLIC_URL: 'https://Warble.example/' }).publicUrl,
    'https://warble.example',
  );
  assert.equal(
    read([], { WARBLE_PUBLIC_URL: 'https://warble.example:443' }).publicUrl,
    'https://warble.example',
  );
  assert.equal(read([], { WARBLE_PUBLIC_URL: 'http://localhost:3000' }).publicUrl, 'http://localhost:3000');
});

test('quotas give requests and seconds for each kind', () => {
  const { quotas } = read([], { WARBLE_QUOTAS: 'post=10/60, read=5/1' });
  assert.deepEqual(quotas, { post: { quota: 10, window_ms: 60_000 }, read: { quota: 5, window_ms: 1_000 } });
});

test('an invalid setting is named in one line with its remedy', () => {
  const wrong: [string[], Record<string, string>, RegExp][] = [
    [['--port', '70000'], {}, /--port \(WARBLE_PORT\) is "70000"; give a number/],
    [['--colour'], {}, /Unknown option '--colour'.*Known options: --port/],
    [[], { WARBLE_HOST: '' }, /WARBLE_HOST\) is empty/],
    [[], { WARBLE_DATA: '' }, /WARBLE_DATA\) is empty/],
    [[], { WARBLE_RATE_LIMITS: 'no' }, /takes on or off/],
    [['--host', '0.0.0.0'], { WARBLE_RATE_LIMITS: 'off' }, /refused while the server binds 0\.0\.0\.0/],
    [[], { WARBLE_QUOTAS: 'posts=1/1' }, /WARBLE_QUOTAS has "posts=1\/1"; give NAME/],
    [[], { WARBLE_QUOTAS: 'post=0/1' }, /WARBLE_QUOTAS has "post=0\/1"/],
    [[], { WARBLE_METRICS_TOKEN: 'short' }, /at least 16/],
    [[], { WARBLE_METRICS_PORT: '70000' }, /WARBLE_METRICS_PORT is "70000"; give a number/],
    [[], { WARBLE_PUBLIC_URL: 'warble.example' }, /WARBLE_PUBLIC_URL is "warble.example"; give an address/],
    [[], { WARBLE_PUBLIC_URL: 'https://warble.example/app' }, /an address without a path/],
    [[], { WARBLE_PUBLIC_URL: 'https://ann:pw@warble.example' }, /an address without a path/],
    [[], { WARBLE_PUBLIC_URL: 'http://warble.example' }, /browsers need https/],
    [[], { WARBLE_TRUSTED_PROXIES: '10.0.0.0/8, ::/0' }, /WARBLE_TRUSTED_PROXIES: "::\/0" is not/],
    [[], { WARBLE_PICTURE_MEGAPIXELS: '0' }, /WARBLE_PICTURE_MEGAPIXELS is "0"; give a number from 1/],
    [[], { WARBLE_UPLOADS_MIB: '8' }, /WARBLE_UPLOADS_MIB is "8"; give a number from 16/],
    [[], { WARBLE_LOG_LEVEL: 'loud' }, /takes one of fatal/],
    [[], { WARBLE_LOG_ADDRESSES: 'some' }, /takes one of full, shortened, none/],
  ];
  for (const [argv, env, message] of wrong) {
    assert.throws(
      () => read(argv, env),
      (error) => error instanceof ConfigError && message.test(error.message) && !error.message.includes('\n'),
      String(message),
    );
  }
});
