/** A server with a few routes of its own, for tests that hold for every route. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after } from 'node:test';
import { Type } from 'typebox';
import { WarbleError } from '#domain/errors.ts';
import { Nothing, strictObject } from '#gateway/schemas/common.ts';
import { createManualClock, systemClock } from '#platform/clock.ts';
import { createSeededRandom } from '#platform/random.ts';
import { DEFAULT_BOUNDS, type ServerBounds } from '../bounds.ts';
import type { Json } from '../json.ts';
import { createLimits } from '../limits/limits-service.ts';
import { registerRoutes } from '../registration.ts';
import { defineRoute, type Route, rawJson } from '../route.ts';
import { createServer, type ServerDeps } from '../server.ts';

/** What the servers of this file have logged. */
export const logged: Record<string, unknown>[] = [];
const closers: (() => Promise<unknown>)[] = [];
after(async () => {
  for (const close of closers) await close();
});

/** The response of `/page`. */
export const PAGE = '{"text":"naïve 👩‍👩‍👧‍👦"}';

/** Opens a server with a few routes of its own. */
export async function serve(
  bounds: Partial<ServerBounds> = {},
  more: Route[] = [],
  deps: Partial<ServerDeps> = {},
) {
  const server = createServer({
    clock: systemClock,
    random: createSeededRandom(1),
    logger: recorder(),
    authenticate: async (token) => {
      if (token === 'good') return { userId: 7, sessionId: '1' };
      throw new WarbleError('unauthenticated', 'This token is none.');
    },
    limits: createLimits({ clock: systemClock, off: true }),
    bounds: { ...DEFAULT_BOUNDS, ...bounds },
    ...deps,
  });
  registerRoutes({ app: server.app, clock: createManualClock(Date.UTC(2026, 0, 21, 10, 24, 1)) }, [
    ...calls(),
    ...more,
  ]);
  server.app.get('/plain', { config: { rateLimit: 'probe' } }, async () => ({ ok: true }));
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  closers.push(() => server.app.close());
  const { port } = server.app.server.address() as { port: number };
  return { ...server, port, url: `http://127.0.0.1:${port}` };
}

function recorder() {
  const keep = (fields: object) => void logged.push(fields as Record<string, unknown>);
  return { info: keep, warn: keep, error: keep };
}

function calls(): Route[] {
  const rest = { tag: 'Test', rateLimit: 'read' } as const;
  return [
    defineRoute({
      ...rest,
      method: 'POST',
      path: '/echo',
      auth: 'optional',
      operationId: 'echo',
      summary: 'Says who and what',
      body: strictObject({
        text: Type.String(),
        tags: Type.Optional(Type.Array(Type.String(), { maxItems: 2 })),
      }),
      response: strictObject({ text: Type.String(), caller: Type.Integer() }),
      handler: async ({ body, caller }) => ({ text: body.text, caller: caller?.userId ?? 0 }),
    }),
    defineRoute({
      ...rest,
      method: ['POST', 'DELETE'],
      path: '/nothing/{id}',
      auth: 'required',
      operationId: 'nothing',
      summary: 'Takes no body',
      params: strictObject({ id: Type.String({ pattern: '^[1-9][0-9]*$' }) }),
      response: Nothing,
      handler: async () => ({}),
    }),
    defineRoute({
      ...rest,
      method: 'GET',
      path: '/page',
      auth: 'none',
      operationId: 'page',
      summary: 'Was put together already',
      response: Nothing,
      handler: async () => rawJson(Buffer.from(PAGE).toString('latin1') as Json<object>),
    }),
    defineRoute({
      ...rest,
      method: 'GET',
      path: '/broken',
      auth: 'none',
      operationId: 'broken',
      summary: 'Fails',
      response: Nothing,
      async handler() {
        throw new Error('secret of the house');
      },
    }),
  ];
}

/** What is common to every error, whatever the cause. */
export async function problemIn(response: Response) {
  assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
  const problem = (await response.json()) as {
    status: number;
    code: string;
    type: string;
    title: string;
    detail: string;
    errors?: { pointer: string; detail: string }[];
  };
  assert.equal(problem.status, response.status);
  assert.equal(problem.type, `/docs#${problem.code}`);
  assert.ok(problem.title.length > 0 && problem.detail.length > 0);
  return problem;
}

export const post = (
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) => fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

/** Sends bytes as they are, and returns everything received until the server closed the connection. */
export async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.on('error', () => {});
  socket.write(text);
  await once(socket, 'close');
  return received;
}
