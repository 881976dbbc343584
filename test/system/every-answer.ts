/** Calls every GET route of the API about all users and tweets, and makes the answers comparable. */
import type { Client } from '#test/support/client.ts';

/** What calls can be asked about. */
export interface Subjects {
  userIds: readonly string[];
  handles: readonly string[];
  tweetIds: readonly string[];
}

/** Streams have no end and media are bytes; both have tests of their own. */
const OTHERWISE = ['/api/v1/stream', '/media/{name}'];
/** Every list that a call can answer, by the parameters that choose it. */
const VARIANTS: Record<string, string[]> = {
  '/tweets': ['window=24h', 'window=7d', 'window=all'],
  '/{userId}/tweets': [
    '',
    'followed=true',
    'followed=true&own=true',
    'followed=true&order=top&k=100',
    'followed=true&order=top&k=100&window=24h',
  ],
};
/** More pages than any list has in a test. */
const MAX_PAGES = 200;

/** Every path that can be requested, from the server's own list of routes. */
export async function everyAddress(url: string, subjects: Subjects): Promise<string[]> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
  const templates = Object.entries(document.paths)
    .filter(([path, methods]) => 'get' in methods && !OTHERWISE.includes(path))
    .map(([path]) => path.replace('/api/v1', ''));
  const values: Record<string, readonly string[]> = {
    userId: ['me', ...subjects.userIds],
    tweetId: subjects.tweetIds,
  };
  return templates.flatMap((template) => {
    const name = /\{(\w+)\}/.exec(template)?.[1];
    const paths =
      name === undefined ? [template] : values[name]!.map((value) => template.replace(`{${name}}`, value));
    const variants = variantsOf(template, subjects);
    return paths.flatMap((path) => variants.map((variant) => (variant === '' ? path : `${path}?${variant}`)));
  });
}

/** Every query string with which a route is called. */
function variantsOf(template: string, { userIds, handles, tweetIds }: Subjects): string[] {
  if (template === '/lookup') return handles.map((handle) => `handle=${handle}`);
  if (template === '/users') return userIds.map((userId) => `ids=${userId}`);
  const variants = VARIANTS[template] ?? [''];
  return template === '/tweets' ? [...variants, ...tweetIds.map((tweetId) => `ids=${tweetId}`)] : variants;
}

/** The answers of a path: complete and, for a list with a cursor, in pages of one. */
export async function wholeAnswer(reader: Client, address: string): Promise<object[]> {
  const { status, body } = await reader.send('GET', address);
  const answers: object[] = [{ status, ...body }];
  if (body.nextCursor === undefined) return answers;
  const separator = address.includes('?') ? '&' : '?';
  let cursor = '';
  for (let page = 0; page < MAX_PAGES; page++) {
    const one = await reader.send('GET', `${address}${separator}limit=1${cursor}`);
    answers.push({ status: one.status, ...one.body });
    if (!one.body.nextCursor) return answers;
    cursor = `&cursor=${one.body.nextCursor}`;
  }
  throw new Error(`${address} does not end`);
}

/** Removes what differs between runs anyway: ids and times, and the content of cursors but not their length. */
export function comparable(answer: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof answer === 'string') return comparableText(answer, names);
  if (Array.isArray(answer)) return answer.map((item) => comparable(item, names));
  if (typeof answer !== 'object' || answer === null) return answer;
  return Object.fromEntries(
    Object.entries(answer).map(([key, value]) =>
      /[cC]ursor$/.test(key) && typeof value === 'string'
        ? [key, `a cursor of ${value.length}`]
        : [key, comparable(value, names)],
    ),
  );
}

function comparableText(text: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(text);
  if (name !== undefined) return name;
  if (/^\d{11,16}$/.test(text)) return 'an id';
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) ? 'a time' : text;
}
