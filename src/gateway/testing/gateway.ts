/** The whole gateway on the real services, over real HTTP, on a manual clock; every response is held to the OpenAPI document. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPasswordHasher } from '#accounts/password-hasher.ts';
import type { OpenApiDocument } from '#http/docs/openapi.ts';
import type { Policy } from '#http/limits/limits.ts';
import type { Quota } from '#http/limits/quota.ts';
import type { LogAddresses } from '#http/log-address.ts';
import { createManualClock } from '#platform/clock.ts';
import { createSeededRandom } from '#platform/random.ts';
import { createPublicApi } from '#system/public-api.ts';
import { createSystem } from '#system/system.ts';
import { createConformance } from './openapi-conformance.ts';

export const T0 = Date.UTC(2026, 0, 21, 10, 24, 1);

export interface ApiResponse {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read JSON of many shapes, which the OpenAPI document checks.
  body: any;
}

export interface Client {
  get(path: string, headers?: Record<string, string>): Promise<ApiResponse>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiResponse>;
  put(path: string, body?: unknown): Promise<ApiResponse>;
  delete(path: string, body?: unknown): Promise<ApiResponse>;
}
export interface Someone extends Client {
  id: string;
  token: string;
}

export type Api = Awaited<ReturnType<typeof openApi>>;

/** Starts everything in a temporary directory on a free port. */
interface Front {
  trustedProxies?: string[];
  publicUrl?: string;
  logAddresses?: LogAddresses;
  rateLimits?: 'on' | 'off';
  quotas?: Partial<Record<Policy, Quota>>;
}

export async function openApi(front: Front = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'warble-gateway-'));
  const file = (name: string) => join(directory, name);
  mkdirSync(file('media'));
  const clock = createManualClock(T0);
  const random = createSeededRandom(5);
  const logged: object[] = [];
  const log = (fields: object, message: string) => void logged.push({ ...fields, message });
  const system = await createSystem({ file, clock, random });
  const api = await createPublicApi({
    system,
    config: { rateLimits: 'off', quotas: {}, metricsToken: 'metrics-secret', ...front },
    directory: { file },
    random,
    logger: { info: log, error: log, warn: log } as never,
    version: '0.0.0',
    hasher: createPasswordHasher({ random, memory_KiB: 8, passes: 1 }),
  });
  const { url } = await api.listen({ host: '127.0.0.1', port: 0 });
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument;
  const conformance = createConformance(document);
  const connect = (token: string | null) => createClient({ url, token, conformance });
  return {
    url,
    clock,
    system,
    document,
    conformance,
    logged,
    registry: api.registry,
    administration: api.administration,
    anybody: connect(null),
    as: (token: string) => connect(token),
    async someone(handle: string): Promise<Someone> {
      const { status, body } = await connect(null).post('/signup', {
        handle,
        password: `${handle} likes long passwords`,
        name: handle,
      });
      assert.equal(status, 200, JSON.stringify(body));
      return { id: body.userId, token: body.token, ...connect(body.token) };
    },
    /** Lets all background work finish, and time pass by `duration_ms`. */
    async settle(duration_ms = 0) {
      clock.advance(duration_ms);
      for (const worker of api.workers) while (await worker.step());
      await system.processAll();
    },
    /** Stops serving, as at SIGTERM, and nothing else. */
    stop: () => api.close({ deadline_ms: 6_500 }),
    async close() {
      await api.close({ deadline_ms: 1_000 });
      await api.closeStores();
      await system.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface ClientDeps {
  url: string;
  token: string | null;
  conformance: ReturnType<typeof createConformance>;
}

function createClient({ url, token, conformance }: ClientDeps): Client {
  async function send(
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ): Promise<ApiResponse> {
    const headers: Record<string, string> = { ...more };
    if (token !== null) headers.authorization ??= `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] ??= 'application/json';
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const received = { status: response.status, headers: response.headers, body: JSON.parse(text) };
    conformance.check(method, `/api/v1${path}`, received);
    return received;
  }
  return {
    get: (path, headers) => send('GET', path, undefined, headers),
    post: (path, body, headers) => send('POST', path, body, headers),
    put: (path, body) => send('PUT', path, body),
    delete: (path, body) => send('DELETE', path, body),
  };
}
