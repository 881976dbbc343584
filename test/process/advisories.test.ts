import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../scripts/advisories.ts', import.meta.url));

/** Runs the script against a registry that gives this answer to whoever asks for advisories. */
async function look(status: number, answer: object): Promise<{ code: number; said: string }> {
  const registry = createServer((request, response) => {
    request.resume();
    // npm asks which versions there are of what an advisory is about.
    const [code, body] = request.method === 'GET' ? [200, packument(request.url!)] : [status, answer];
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const { port } = registry.address() as AddressInfo;
  // npm keeps what it computed of an advisory.
  const cache = mkdtempSync(join(tmpdir(), 'warble-npm-'));
  const registryUrl = `http://127.0.0.1:${port}/`;
  const npm = { npm_config_registry: registryUrl, npm_config_cache: cache, npm_config_noproxy: '127.0.0.1' };
  const env = { ...process.env, ...npm };
  const child = spawn(process.execPath, [SCRIPT], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  registry.closeAllConnections();
  registry.close();
  rmSync(cache, { recursive: true });
  return { code: code as number, said };
}

function packument(path: string) {
  const name = decodeURIComponent(path.slice(1));
  const version = '5.0.0';
  return { name, versions: { [version]: { name, version } }, 'dist-tags': { latest: version } };
}

function advisory(severity: string) {
  const what = {
    title: 'Request smuggling',
    url: 'https://example.com/GHSA-1',
    vulnerable_versions: '>=5.0.0',
  };
  return { fastify: [{ id: 1, severity, ...what, cwe: [], cvss: { score: 8, vectorString: null } }] };
}

test('an advisory about what is installed fails, and is named', async () => {
  const { code, said } = await look(200, advisory('high'));
  assert.match(said, /fastify \(high\): .*Request smuggling https:\/\/example\.com\/GHSA-1/);
  assert.equal(code, 1);
});

test('one of low severity is named alone', async () => {
  const { code, said } = await look(200, advisory('low'));
  assert.match(said, /fastify \(low\)/);
  assert.equal(code, 0);
});

test('no advisories, and a registry that gives none, can be told apart', async () => {
  const none = await look(200, {});
  assert.deepEqual([none.code, /none for the versions/.test(none.said)], [0, true]);
  const mirror = await look(405, {});
  assert.deepEqual([mirror.code, /NOT LOOKED AT.*405/.test(mirror.said)], [0, true]);
});
