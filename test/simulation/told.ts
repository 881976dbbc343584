/** What everybody must have been told, computed plainly from the model: see docs/decisions/notifications.md for the rules. */
import assert from 'node:assert/strict';
import type { System } from '#system/system.ts';
import type { Ids } from './facts.ts';
import { type Model, mayRead, mayReadTweet, maySee, pair } from './model.ts';
import type { World } from './world.ts';

interface Told {
  id: number;
  type: string;
  tweetId: number | null;
  actor: number;
}
interface Group {
  id: number;
  type: string;
  tweetId: number | null;
  actors: number[];
  read: boolean;
}

/** Of one person: the acts of others that concern them and that they may know of, newest first. */
function toldTo(model: Model, ids: Ids, reader: number): Told[] {
  const told: Told[] = [];
  const shows = (actor: number) => actor !== reader && !model.mutes.has(pair(reader, actor));
  for (const [tweetId, { author }] of model.tweets) {
    if (author !== reader || !model.tweets.get(tweetId)!.alive) continue;
    for (const actor of model.people.keys()) {
      if (!shows(actor) || !mayRead(model, reader, actor)) continue;
      const key = pair(tweetId, actor);
      if (model.likes.has(key)) told.push({ id: ids.likes.get(key)!, type: 'like', tweetId, actor });
      if (model.reposts.has(key)) told.push({ id: ids.reposts.get(key)!, type: 'repost', tweetId, actor });
    }
  }
  for (const [id, { author: actor, tweetId, alive }] of model.comments) {
    const mine = model.tweets.get(tweetId)?.author === reader && model.tweets.get(tweetId)?.alive;
    if (alive && mine && shows(actor) && mayRead(model, reader, actor))
      told.push({ id, type: 'comment', tweetId, actor });
  }
  for (const actor of model.people.keys()) {
    if (!shows(actor) || !maySee(model, reader, actor)) continue;
    const key = pair(actor, reader);
    if (model.follows.get(key) === false)
      told.push({ id: ids.follows.get(key)!, type: 'follow', tweetId: null, actor });
    if (model.requests.has(key))
      told.push({ id: ids.requests.get(key)!, type: 'followRequest', tweetId: null, actor });
  }
  return told.sort((a, b) => b.id - a.id);
}

/** Likes and reposts of one tweet, and follows, stand together between two read marks; the rest stands alone. */
function grouped(told: Told[], marks: readonly number[]): Group[] {
  const groups = new Map<string, Group>();
  const last = marks.at(-1) ?? 0;
  for (const { id, type, tweetId, actor } of told) {
    const interval = marks.filter((mark) => mark >= id).length;
    const together = type === 'like' || type === 'repost' || type === 'follow';
    const key = together ? `${type} ${tweetId} ${interval}` : `${id}`;
    const group = groups.get(key) ?? { id, type, tweetId, actors: [], read: id <= last };
    group.actors.push(actor);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** New tweets of those one follows since the last read mark: one group, gone once it is read. */
function newTweets(model: Model, ids: Ids, reader: number, mark: number): Group | undefined {
  const fresh = [...model.tweets]
    .filter(([tweetId, { author }]) => {
      const key = pair(reader, author);
      if (!model.follows.has(key) || model.mutes.has(key) || author === reader) return false;
      return tweetId > mark && tweetId > ids.follows.get(key)! && mayReadTweet(model, reader, tweetId);
    })
    .sort(([a], [b]) => b - a);
  if (fresh.length === 0) return undefined;
  const [newest] = fresh[0]!;
  const actors = [...new Set(fresh.map(([, { author }]) => author))];
  return { id: newest, type: 'tweet', tweetId: newest, actors, read: false };
}

export async function checkTold(world: World, ids: Ids): Promise<void> {
  const { notifications } = world.system().services;
  for (const reader of world.people) {
    if (!world.model.people.get(reader)!.active) continue;
    const marks = world.marks.get(reader) ?? [];
    const tweets = newTweets(world.model, ids, reader, marks.at(-1) ?? 0);
    const groups = grouped(toldTo(world.model, ids, reader), marks);
    const expected = (tweets === undefined ? groups : [...groups, tweets]).sort((a, b) => b.id - a.id);
    const shown = await everything(world.system(), reader);
    assert.deepEqual(
      shown.map(({ id, type, tweetId, actors, read }) => ({ id, type, tweetId, actors, read })),
      expected.map((group) => ({ ...group, actors: group.actors.slice(0, 10) })),
      `what ${reader} was told`,
    );
    const { unread } = await notifications.unread({ userId: reader });
    assert.equal(unread, expected.filter((group) => !group.read).length, `what ${reader} has not read`);
  }
}

type Page = Awaited<ReturnType<System['services']['notifications']['list']>>;

async function everything(system: System, userId: number): Promise<Page['notifications']> {
  const shown: Page['notifications'] = [];
  let before: number | null = null;
  let walk: Page['walk'] | undefined;
  do {
    const page: Page = await system.services.notifications.list({
      userId,
      before,
      limit: 3 + (userId % 4),
      ...(walk !== undefined && { walk }),
    });
    assert.equal(page.partial, false);
    shown.push(...page.notifications);
    before = page.next;
    walk = page.walk;
  } while (before !== null);
  return shown;
}

/** Reads everything up to the newest that is listed. */
export async function markRead(world: World, reader: number): Promise<void> {
  const { notifications } = world.system().services;
  const { notifications: newest } = await notifications.list({ userId: reader, before: null, limit: 1 });
  const upTo = newest[0]?.id;
  if (upTo === undefined || upTo <= (world.marks.get(reader)?.at(-1) ?? 0)) return;
  await notifications.markRead({ userId: reader, upTo });
  world.marks.set(reader, [...(world.marks.get(reader) ?? []), upTo]);
}
