import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readSettings } from './config.ts';
import { helpOf } from './help.ts';
import { SETTINGS, unknownSetting } from './settings.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const variables = (text: string) => [...new Set(text.match(/\bWARBLE_[A-Z_]+/g))].sort();
const known = SETTINGS.map(({ variable }) => variable).sort();

test('every setting that is read is listed, also in the README, and no others are', () => {
  assert.deepEqual(variables(read('./config.ts')), known);
  const table = read('../../README.md')
    .split('\n')
    .filter((line) => line.startsWith('| `WARBLE_'));
  assert.deepEqual(variables(table.map((row) => row.split('|')[1]).join()), known);
});

test('every setting that is read reaches what it is for', () => {
  const cwd = new URL('..', import.meta.url);
  const files = globSync('**/*.ts', { cwd }).filter((path) => !/\.test\.ts$|^system\/config\.ts$/.test(path));
  const code = files.map((path) => readFileSync(new URL(path, cwd), 'utf8')).join('\n');
  const { config } = readSettings({ argv: [], env: {}, defaultData: './data' });
  const isRead = (name: string) =>
    new RegExp(`\\bconfig\\.${name}\\b|\\b${name}\\b[^{}]*\\}: Config\\b`).test(code);
  const unused = Object.keys(config).filter((name) => !isRead(name));
  assert.deepEqual(unused, [], 'no file of src/ takes them from the configuration');
});

test('a mistyped setting is named with the nearest one, and other variables are ignored', () => {
  const env = { PATH: '/bin', WARBLE: 'http://127.0.0.1', WARBLE_PORT: '1', WARBLE_DATA: undefined };
  assert.equal(unknownSetting(env), undefined);
  assert.match(
    unknownSetting({ ...env, WARBLE_PROXY: 'x' })!,
    /^WARBLE_PROXY is not a setting; did you mean WARBLE_/,
  );
  assert.match(unknownSetting({ WARBLE_METRIC_TOKEN: 'x' })!, /did you mean WARBLE_METRICS_TOKEN\?/);
  assert.match(unknownSetting({ WARBLE_port: '1' })!, /did you mean WARBLE_PORT\?/);
});

test('help lists every setting with its option', () => {
  for (const command of ['serve', 'demo']) {
    const help = helpOf(command)!;
    for (const { variable, option } of SETTINGS) {
      assert.ok(help.includes(option === undefined ? variable : `${variable}, ${option}`), variable);
    }
    for (const line of help.split('\n')) assert.ok(line.length <= 110, line);
  }
  assert.match(helpOf('demo')!, /WARBLE_DATA.*\(\.\/data-demo\)/);
  assert.equal(helpOf('constructor'), undefined);
});
