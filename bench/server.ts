/** A server in this process, on a directory of its own, and the processes that put load on it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { PublicApi } from '#system/public-api.ts';
import { type Serving, startServing } from '#system/serve.ts';

/** Runs `body` against a new server, by default without rate limits; then stops it and removes its data. */
export async function withServer(
  body: (serving: Serving, directory: string) => Promise<void>,
  {
    rateLimits = 'off',
    ...options
  }: { beforeListening?: (app: PublicApi['app']) => void; rateLimits?: 'on' | 'off' } = {},
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'warble-bench-'));
  const serving = await startServing(
    {
      host: '127.0.0.1',
      port: 0,
      data: directory,
      rateLimits,
      quotas: {},
      bounds: { server: {}, maxConcurrent: {} },
      trustedProxies: [],
      publicUrl: null,
      metricsToken: null,
      metricsPort: null,
      logAddresses: 'shortened',
      pictureMegapixels: 100,
      uploadsMiB: 1024,
      logLevel: 'silent',
      region: 'local',
    },
    pino({ level: 'silent' }),
    options,
  );
  try {
    await body(serving, directory);
  } finally {
    await serving.stop();
    rmSync(directory, { recursive: true });
  }
}

/** Runs a script of this folder that reads `plan` as JSON from standard input and prints its result as JSON. */
export function runBeside<Result>(script: string, plan: unknown): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url))], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve(JSON.parse(output)) : reject(new Error(`${script} ended with ${code}`)),
    );
    child.stdin.end(JSON.stringify(plan));
  });
}

/** Runs `body` against a server that a script of this folder starts: it reads `plan` and prints its address. */
export async function withServerBeside<T>(
  script: string,
  plan: unknown,
  body: (url: string) => Promise<T>,
): Promise<T> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  child.stdin.write(`${JSON.stringify(plan)}\n`);
  try {
    const [url] = await Promise.race([once(child.stdout, 'data'), ended.then(() => Promise.reject(script))]);
    return await body(String(url).trim());
  } finally {
    child.stdin.end();
    await ended;
  }
}
