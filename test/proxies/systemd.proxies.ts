/** The units of deploy/systemd: understood by systemd, and their commands do what they say. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { READY, ROOT, run } from '../support/server.ts';

const UNITS = join(ROOT, 'deploy/systemd');

/** A unit with the paths that it has on this machine. */
function unitHere(name: string): string {
  return readFileSync(join(UNITS, name), 'utf8')
    .replaceAll('/opt/warble', ROOT.replace(/\/$/, ''))
    .replaceAll('/usr/bin/node', process.execPath);
}

/** Everything that a unit says under a name, as words. */
function wordsOf(unit: string, name: string): string[] {
  const lines = [...unit.matchAll(new RegExp(`^${name}=(.+)$`, 'gm'))];
  assert.ok(lines.length > 0, name);
  return lines.flatMap(([, words]) => words!.split(' '));
}

test('systemd has nothing to say against the units', () => {
  const directory = mkdtempSync(join(tmpdir(), 'warble-units-'));
  const names = readdirSync(UNITS);
  assert.deepEqual(names.sort(), ['warble-backup.service', 'warble-backup.timer', 'warble.service']);
  for (const name of names) writeFileSync(join(directory, name), unitHere(name));
  const files = names.map((name) => join(directory, name));
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], {
    encoding: 'utf8',
  });
  assert.deepEqual([stderr, stdout, status], ['', '', 0]);
  rmSync(directory, { recursive: true });
});

test('the command of the service starts a server on its data, and ends with 0 when it is told to stop', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'warble-unit-'));
  const unit = unitHere('warble.service')
    .replaceAll('/var/lib/warble', join(directory, 'data'))
    .replaceAll('/var/cache/warble', join(directory, 'cache'));
  const env = Object.fromEntries(wordsOf(unit, 'Environment').map((word) => word.split('=', 2)));
  assert.deepEqual(Object.keys(env).sort(), ['NODE_COMPILE_CACHE', 'WARBLE_DATA']);
  const [program, ...args] = wordsOf(unit, 'ExecStart');
  const [cwd] = wordsOf(unit, 'WorkingDirectory');
  const running = run(program!, args, { cwd: cwd!, env: { ...env, WARBLE_PORT: '0' } });
  const [, url] = await running.said(READY);
  assert.equal((await fetch(`${url}/health/ready`)).status, 200);
  assert.ok(readdirSync(join(directory, 'data')).includes('tweets.db'));
  running.child.kill('SIGTERM');
  assert.deepEqual(await running.exited, { code: 0, signal: null });
  rmSync(directory, { recursive: true });
});
