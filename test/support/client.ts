/** A small client of the public API over real HTTP. */
import assert from 'node:assert/strict';

export interface ApiResponse {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read JSON of many shapes.
  body: any;
}

export interface Client {
  /** Resolves with an answer of any status; rejects only where the connection broke before the answer was complete. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiResponse>;
  /** As `send`, but asserts that the answer is a success and returns its body. */
  get(path: string): Promise<ApiResponse['body']>;
  post(path: string, body?: unknown): Promise<ApiResponse['body']>;
  delete(path: string): Promise<ApiResponse['body']>;
  /** All items of a list, read page by page; `field` is the name of the list in the answer. */
  list(path: string, field: string, limit?: number): Promise<ApiResponse['body'][]>;
}

export interface User extends Client {
  handle: string;
  id: string;
  token: string;
}

/** Asks `url()` at every call, so that the client works across restarts. */
export function connect(url: () => string, token: string | null = null): Client {
  async function send(method: string, path: string, body?: unknown, more: Record<string, string> = {}) {
    const headers: Record<string, string> = { ...more };
    if (token !== null) headers.authorization = `Bearer ${token}`;
    const isForm = body instanceof FormData;
    if (body !== undefined && !isForm) headers['content-type'] = 'application/json';
    const response = await fetch(`${url()}/api/v1${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: JSON.parse(text) };
  }
  async function succeed(method: string, path: string, body?: unknown) {
    const answer = await send(method, path, body);
    assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
  return {
    send,
    get: (path) => succeed('GET', path),
    post: (path, body) => succeed('POST', path, body),
    delete: (path) => succeed('DELETE', path),
    async list(path, field, limit = 100) {
      const all: ApiResponse['body'][] = [];
      let cursor: string | null = null;
      do {
        const next: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const page = await succeed('GET', `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${next}`);
        all.push(...page[field]);
        cursor = page.nextCursor;
      } while (cursor !== null);
      return all;
    },
  };
}

/** Signs a user up. */
export async function signUp(url: () => string, handle: string): Promise<User> {
  const { userId, token } = await connect(url).post('/signup', {
    handle,
    password: `${handle} likes long passwords`,
    name: handle,
  });
  return { ...connect(url, token), handle, id: userId, token };
}

/**
 * Retries `check` until it passes; after `within_ms` throws its last error. For promises that hold soon, but not at
 * once.
 */
export async function eventually(check: () => Promise<void>, within_ms = 15_000): Promise<void> {
  const end = performance.now() + within_ms;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
