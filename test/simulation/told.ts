/**
 * The notifications that every user must have, computed plainly from the model: see
 * docs/decisions/0013-notifications.md.
 */
import assert from 'node:assert/strict';
import type { HiddenPeriod } from '#social/social.ts';
import type { System } from '#system/system.ts';
import type { Ids } from './facts.ts';
import { type Model, mayRead, mayReadTweet, maySee, pair } from './model.ts';
import type { Mark, World } from './world.ts';

interface Told {
  id: number;
  type: string;
  tweetId: number | null;
  actor: number;
}
interface Reader {
  marks: readonly Mark[];
  periods: readonly HiddenPeriod[];
}
interface Group {
  id: number;
  type: string;
  tweetId: number | null;
  actors: number[];
  read: boolean;
}

/** The actions of others that concern one user and that they may know of, newest first. */
function toldTo(model: Model, ids: Ids, reader: number): Told[] {
  const told: Told[] = [];
  const shows = (actor: number) => actor !== reader && !model.mutes.has(pair(reader, actor));
  for (const [tweetId, { author }] of model.tweets) {
    if (author !== reader || !model.tweets.get(tweetId)!.alive) continue;
    for (const actor of model.users.keys()) {
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
  for (const actor of model.users.keys()) {
    if (!shows(actor) || !maySee(model, reader, actor)) continue;
    const key = pair(actor, reader);
    if (model.follows.get(key) === false)
      told.push({ id: ids.follows.get(key)!, type: 'follow', tweetId: null, actor });
    if (model.requests.has(key))
      told.push({ id: ids.requests.get(key)!, type: 'followRequest', tweetId: null, actor });
  }
  return told.sort((a, b) => b.id - a.id);
}

/** What marked it as read: the first marker that covers it, or a period in which its actor was hidden. */
function readBy(
  { marks, periods }: Reader,
  { id, actor }: { id: number; actor: number },
): string | undefined {
  const period = periodOf(periods, { id, actor });
  if (period !== undefined) return `hidden ${period.since}`;
  const mark = marks.findIndex(({ upTo, had }) => id <= upTo && had.has(id));
  return mark < 0 ? undefined : `mark ${mark}`;
}

function periodOf(periods: readonly HiddenPeriod[], { id, actor }: { id: number; actor: number }) {
  return periods.find(({ userId, since, until }) => userId === actor && since < id && id < until);
}

/** Likes and reposts of one tweet, and follows, form a group if they were read together; others stand alone. */
function grouped(told: Told[], reader: Reader): Group[] {
  const groups = new Map<string, Group>();
  for (const { id, type, tweetId, actor } of told) {
    const by = readBy(reader, { id, actor });
    const together = type === 'like' || type === 'repost' || type === 'follow';
    const key = together ? `${type} ${tweetId} ${by}` : `${id}`;
    const group = groups.get(key) ?? { id, type, tweetId, actors: [], read: by !== undefined };
    group.actors.push(actor);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** New tweets of followees since the last read marker: one group, which vanishes once it is read. */
function newTweets(model: Model, ids: Ids, reader: number, { marks, periods }: Reader): Group | undefined {
  const mark = Math.max(0, ...marks.map(({ upTo }) => upTo));
  const fresh = [...model.tweets]
    .filter(([tweetId, { author }]) => {
      const key = pair(reader, author);
      if (!model.follows.has(key) || model.mutes.has(key) || author === reader) return false;
      if (periodOf(periods, { id: tweetId, actor: author }) !== undefined) return false;
      return tweetId > mark && tweetId > ids.follows.get(key)! && mayReadTweet(model, reader, tweetId);
    })
    .sort(([a], [b]) => b - a);
  if (fresh.length === 0) return undefined;
  const [newest] = fresh[0]!;
  const actors = [...new Set(fresh.map(([, { author }]) => author))];
  return { id: newest, type: 'tweet', tweetId: newest, actors, read: false };
}

export async function checkTold(world: World, ids: Ids): Promise<void> {
  const { notifications, social } = world.system().services;
  for (const reader of world.users) {
    if (!world.model.users.get(reader)!.active) continue;
    const { periods } = await social.hiddenPeriods({ viewer: reader });
    const has: Reader = { marks: world.marks.get(reader) ?? [], periods };
    const tweets = newTweets(world.model, ids, reader, has);
    const groups = grouped(toldTo(world.model, ids, reader), has);
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
  let snapshot: Page['snapshot'] | undefined;
  do {
    const page: Page = await system.services.notifications.list({
      userId,
      before,
      limit: 3 + (userId % 4),
      ...(snapshot !== undefined && { snapshot }),
    });
    assert.equal(page.partial, false);
    shown.push(...page.notifications);
    before = page.next;
    snapshot = page.snapshot;
  } while (before !== null);
  return shown;
}

/** Marks everything up to the newest listed notification as read. */
export async function markRead(world: World, reader: number): Promise<void> {
  const { services, stores } = world.system();
  const { notifications } = services;
  const { notifications: newest } = await notifications.list({ userId: reader, before: null, limit: 1 });
  const upTo = newest[0]?.id;
  if (upTo === undefined) return;
  const items = await stores.notifications.notifications({ recipient: reader });
  await notifications.markRead({ userId: reader, upTo });
  const mark = { upTo, had: new Set(items.map(({ id }) => id)) };
  world.marks.set(reader, [...(world.marks.get(reader) ?? []), mark]);
}
