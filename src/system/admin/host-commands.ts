/** Commands on the installation: its disk usage, and rebuilding views. */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { WarbleError } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';
import { yieldToOthers } from '#platform/worker.ts';
import { fields, Name } from './arguments.ts';
import { type Command, type CommandDeps, defineCommand } from './command.ts';
import { bytes, columns, printable } from './printable.ts';

const LARGEST = 10;
const POLL_MS = 200;

interface Largest {
  userId: number;
  handle: string;
  count: number;
}

/** Keeps the `LARGEST` with the highest counts, highest first. */
function keepLargest<T extends { count: number }>(kept: T[], more: T[]): T[] {
  return [...kept, ...more.filter(({ count }) => count > 0)]
    .sort((a, b) => b.count - a.count)
    .slice(0, LARGEST);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

async function tweetsByUser({ system, progress, signal }: CommandDeps) {
  const { social, tweets } = system.services;
  let largest: { author: number; count: number }[] = [];
  let after: number | null = 0;
  let people = 0;
  while (after !== null && !signal.aborted) {
    const page = await social.scanUsers({ after, limit: LIMITS.batch });
    const authors = page.users.map(({ userId }) => userId);
    if (authors.length > 0) largest = keepLargest(largest, await tweets.counts({ authors }));
    people += authors.length;
    after = page.next;
    if (people % 100_000 === 0 && people > 0) progress(`looked at people: ${people}`);
    await yieldToOthers();
  }
  return { people, largest: largest.map(({ author, count }) => ({ userId: author, count })) };
}

async function picturesByUser({ api, progress, signal }: CommandDeps) {
  const byOwner = new Map<number, number>();
  let [count, total, after]: [number, number, string | null] = [0, 0, ''];
  while (after !== null && !signal.aborted) {
    const page = await api.media.scan({ after, limit: LIMITS.batch });
    for (const { owner, size_bytes } of page.pictures) {
      byOwner.set(owner, (byOwner.get(owner) ?? 0) + size_bytes);
      total += size_bytes;
    }
    count += page.pictures.length;
    after = page.next;
    if (count % 10_000 === 0 && count > 0) progress(`looked at pictures: ${count}`);
  }
  const largest = keepLargest(
    [],
    [...byOwner].map(([userId, size]) => ({ userId, count: size })),
  );
  return { count, total_bytes: total, largest };
}

async function withHandles(
  { system }: CommandDeps,
  rows: { userId: number; count: number }[],
): Promise<Largest[]> {
  const userIds = rows.map(({ userId }) => userId);
  const people = userIds.length === 0 ? [] : await system.services.social.view({ viewer: null, userIds });
  const handles = new Map(people.map(({ userId, handle }) => [userId, handle]));
  return rows.map((row) => ({ ...row, handle: handles.get(row.userId) ?? '' }));
}

const usage = defineCommand({
  summary: 'says how many bytes the databases and the pictures take, and whose they are',
  args: fields({}),
  async run(deps) {
    const databases = [...deps.system.stores.databases, ...deps.api.databases].map(({ path }) => ({
      name: basename(path),
      bytes: sizeOf(path),
      wal_bytes: sizeOf(`${path}-wal`),
    }));
    const tweets = await tweetsByUser(deps);
    const pictures = await picturesByUser(deps);
    return {
      databases,
      people: tweets.people,
      mostTweets: await withHandles(deps, tweets.largest),
      pictures: pictures.count,
      pictures_bytes: pictures.total_bytes,
      mostPictures: await withHandles(deps, pictures.largest),
    };
  },
  print: ({ databases, people, mostTweets, pictures, pictures_bytes, mostPictures }) => [
    ...columns([
      ['database', 'size', 'WAL'],
      ...databases.map(({ name, ...size }) => [name, bytes(size.bytes), bytes(size.wal_bytes)]),
    ]),
    `pictures: ${pictures}, ${bytes(pictures_bytes)}`,
    `people: ${people}`,
    ...(mostTweets.length === 0 ? [] : ['most tweets']),
    ...columns(mostTweets.map(({ userId, handle, count }) => [`  ${handle}`, `id ${userId}`, String(count)])),
    ...(mostPictures.length === 0 ? [] : ['most bytes of pictures']),
    ...columns(
      mostPictures.map(({ userId, handle, count }) => [`  ${handle}`, `id ${userId}`, bytes(count)]),
    ),
  ],
});

const rebuild = defineCommand({
  summary: 'derives a view from facts anew, while the server serves',
  args: fields({ view: { ...Name, description: 'its name' } as typeof Name }),
  positional: ['view'],
  async run(deps, { view: name }) {
    const { views } = deps.system;
    if (!Object.hasOwn(views, name)) {
      const known = Object.keys(views).join(', ');
      throw new WarbleError('not_found', `There is no view ${name}; there are ${known}.`);
    }
    const view = views[name]!;
    await view.startRebuild();
    if (!deps.serving) return { view: name, done: false };
    for (let shown = -1; !deps.signal.aborted; ) {
      const { rebuilding, lag } = await view.status();
      if (!rebuilding) return { view: name, done: true };
      if (lag !== shown) deps.progress(`${name} is being rebuilt; events to fold: ${lag}`);
      shown = lag;
      await deps.clock.sleep(POLL_MS, deps.signal);
    }
    return { view: name, done: false };
  },
  print: ({ view, done }) => [
    done
      ? `${printable(view)} is rebuilt from facts.`
      : `${printable(view)} will be rebuilt from facts, while the server serves, at its next start.`,
  ],
});

/** Commands by name. */
export const HOST_COMMANDS: Record<string, Command> = { usage, rebuild };
