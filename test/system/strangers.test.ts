/**
 * Every route of the API, called by every kind of stranger: the outcome, and that nobody is shown what they may not
 * see. The routes are the server's own list, so that a route without a row in the table fails.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openSystemHttp } from '#test/support/system-http.ts';
import { KINDS, type Kind, knows, type Outcome, reads } from './strangers/kinds.ts';
import { createStage, type Scene } from './strangers/scene.ts';
import { type Case, TABLE } from './strangers/table.ts';

const site = await openSystemHttp();
after(() => site.close());
const stage = await createStage(site);
const scenes = new Map(
  await Promise.all(KINDS.map(async (kind) => [kind, await stage(kind, 'whole')] as const)),
);
await site.settle();
const document = (await (await fetch(`${site.url}/openapi.json`)).json()) as {
  paths: Record<string, object>;
};
const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
);

test('every call has its row, and every row is a call', () => {
  assert.deepEqual(Object.keys(TABLE).sort(), calls.sort());
});

for (const call of calls) {
  for (const row of TABLE[call] ?? []) {
    test(`${call} ${row.title}`, async () => {
      const seen = await Promise.all(KINDS.map(async (kind) => [kind.name, await tell(call, row, kind)]));
      const right = KINDS.map((kind) => [kind.name, promised(row, kind)]);
      assert.deepEqual(Object.fromEntries(seen), Object.fromEntries(right));
    });
  }
}

const PARTS = ['names', 'shows', 'lists'] as const;
interface Told {
  outcome: Outcome;
  names: boolean;
  shows: boolean;
  lists: boolean;
}

/** The expected outcome. Whatever a row leaves open is accepted. */
function promised(row: Case, kind: Kind): Partial<Told> {
  const outcome = row.outcome(kind);
  const told: Partial<Told> = { outcome };
  for (const part of PARTS) if (row[part] !== undefined) told[part] = outcome === 'ok' && row[part](kind);
  return told;
}

/** The actual outcome; throws where the answer shows what this stranger may not see. */
async function tell(call: string, row: Case, kind: Kind): Promise<Partial<Told>> {
  const method = call.split(' ')[0]!;
  // Calls that change something get a scene of their own.
  const scene = method === 'GET' ? scenes.get(kind)! : await stage(kind, 'tweet');
  const { status, text } = await ask(method, row, scene);
  const outcome = status === 200 ? 'ok' : JSON.parse(text).code;
  const all: Told = {
    outcome,
    names: text.includes(`"${scene.target.handle}"`),
    shows: text.includes(scene.writing),
    lists: text.includes(`"${scene.tweetId}"`),
  };
  const knowsOf = knows(kind) || row.names?.(kind) === true;
  assert.ok(knowsOf || !all.names, `${kind.name} is told of the target: ${text}`);
  assert.ok(reads(kind) || !(all.shows || all.lists), `${kind.name} is shown what the target wrote: ${text}`);
  const told: Partial<Told> = { outcome };
  for (const part of PARTS) if (row[part] !== undefined) told[part] = all[part];
  return told;
}

async function ask(method: string, { path, body }: Case, scene: Scene) {
  const to = path(scene);
  const url = method === 'GET' && to.startsWith('/media') ? site.url + to : `${site.url}/api/v1${to}`;
  const headers: Record<string, string> = {};
  if (scene.token !== null) headers.authorization = `Bearer ${scene.token}`;
  const content = body?.(scene);
  const isForm = content instanceof FormData;
  if (content !== undefined && !isForm) headers['content-type'] = 'application/json';
  const response = await fetch(url, {
    method,
    headers,
    ...(content === undefined ? {} : { body: isForm ? content : JSON.stringify(content) }),
  });
  // A stream has no end, so it is enough that it began.
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
  if (isStream) await response.body?.cancel();
  return { status: response.status, text: isStream ? '' : await response.text() };
}
