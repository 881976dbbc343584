import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceKey } from './device-key.ts';

/** As sessions store it. */
const key = (userAgent: string) => deviceKey(userAgent.slice(0, 120));
const webKit = 'AppleWebKit/537.36 (KHTML, like Gecko)';
const iPhone = (os: string, version: string) =>
  `Mozilla/5.0 (iPhone; CPU iPhone OS ${os} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ` +
  `Version/${version} Mobile/15E148 Safari/604.1`;
const chrome = (version: string, rest = '') =>
  `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webKit} Chrome/${version} Safari/537.36${rest}`;

test('an update is not a new device, even where the text is longer than what is stored', () => {
  for (const [before, after] of [
    ['curl/8.5.0', 'curl/8.11.1'],
    [chrome('99.0.1'), chrome('126.0.6478.127')],
    [chrome('99.0.0.0', ' Edg/99.0.0'), chrome('126.0.0.0', ' Edg/126.0.2592.81')],
    [iPhone('17_5', '17.5'), iPhone('17_5_1', '17.5.1')],
    [iPhone('9_0', '9.0'), iPhone('18_10_12', '18.10.12')],
  ] as const) {
    assert.notEqual(before, after);
    assert.equal(key(before), key(after));
  }
});

test('another browser or another system is a new device', () => {
  const chromium = chrome('126.0.0.0');
  const devices = [
    '',
    'curl/8.5.0',
    'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0',
    chromium,
    chromium.replace('Windows NT 10.0; Win64; x64', 'X11; Linux x86_64'),
    chrome('126.0.0.0', ' Edg/126.0.0.0'),
    iPhone('17_5', '17.5'),
  ];
  assert.equal(new Set(devices.map(key)).size, devices.length);
});
