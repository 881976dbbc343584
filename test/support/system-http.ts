/**
 * The whole system in this process, behind real HTTP on a free port, in a temporary directory, on the real clock and
 * with its workers running. Composed by the same functions as `warble serve`.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPasswordHasher } from '#accounts/password-hasher.ts';
import { systemClock as clock } from '#platform/clock.ts';
import { systemRandom as random } from '#platform/random.ts';
import { createLogger } from '#system/logger.ts';
import { createPublicApi, type PublicApi, type PublicApiDeps } from '#system/public-api.ts';
import { runWorkers } from '#system/run-workers.ts';
import { createSystem, type System } from '#system/system.ts';
import { type Client, connect, eventually, signUp, type User } from './client.ts';
import { type EventStream, openEventStream } from './event-stream.ts';
import { addOutages, type Outages } from './outages.ts';

export interface SystemHttp {
  url: string;
  system: System;
  api: PublicApi;
  outages: Outages;
  /** A client without a token. */
  nobody: Client;
  /** A client with this token, valid or not. */
  holder(token: string): Client;
  user(handle: string): Promise<User>;
  users<const Handles extends readonly string[]>(
    ...handles: Handles
  ): Promise<{ [I in keyof Handles]: User }>;
  stream(user: User, lastEventId?: string): Promise<EventStream>;
  /** Waits until every view has folded the whole log, and every tweet has reached its last follower. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

const FANNED_OUT = ['follows', 'tweets', 'reposts'] as const;

export async function openSystemHttp(config: Partial<PublicApiDeps['config']> = {}): Promise<SystemHttp> {
  const directory = mkdtempSync(join(tmpdir(), 'warble-system-'));
  const file = (name: string) => join(directory, name);
  mkdirSync(file('media'));
  const system = await createSystem({ file, clock, random });
  const outages = addOutages(system.services);
  const api = await createPublicApi({
    system,
    config: { rateLimits: 'off', quotas: {}, trustedProxies: [], metricsToken: null, ...config },
    directory: { file },
    random,
    logger: createLogger('silent'),
    version: '0.0.0',
    hasher: createPasswordHasher({
      random,
      memory_KiB: 64,
      passes: 1,
      // Off, as request limits are here.
      maxPerAddress: Number.POSITIVE_INFINITY,
    }),
  });
  const failures: unknown[] = [];
  const workers = runWorkers({
    workers: [...system.workers, ...api.workers],
    log: system.log,
    clock,
    onError: (error) => failures.push(error),
  });
  const { url } = await api.listen({ host: '127.0.0.1', port: 0 });
  const here = () => url;
  return {
    url,
    system,
    api,
    outages,
    nobody: connect(here),
    holder: (token) => connect(here, token),
    user: (handle) => signUp(here, handle),
    users: (...handles) => inTurn(handles.map((handle) => () => signUp(here, handle))) as never,
    stream: (user, lastEventId) => openEventStream(url, user.token, lastEventId),
    settle: () => eventually(() => assertSettled(system, failures)),
    async close() {
      await api.close({ deadline_ms: 1_000 });
      await workers.stop();
      await api.closeStores();
      await system.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** One after the other, so that ids are in the order of the arguments. */
async function inTurn<T>(tasks: (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  for (const task of tasks) results.push(await task());
  return results;
}

async function assertSettled({ views, fanout, log }: System, failures: unknown[]): Promise<void> {
  for (const [name, view] of Object.entries(views)) {
    const { lag } = await view.status();
    assert.equal(lag, 0, `${name} is behind; workers failed with ${failures}`);
  }
  for (const topic of FANNED_OUT) {
    const { end } = await log.range({ topic });
    assert.deepEqual(
      await fanout.processedPositions(topic),
      end,
      `${topic}; workers failed with ${failures}`,
    );
  }
  assert.equal(fanout.waiting(), 0);
}

/** A picture of one colour, as a form for POST /media. */
export function pictureForm(bytes: Uint8Array<ArrayBuffer>, fileName: string, alt = ''): FormData {
  const form = new FormData();
  form.set('file', new Blob([bytes], { type: 'image/png' }), fileName);
  if (alt !== '') form.set('alt', alt);
  return form;
}
