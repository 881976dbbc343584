/** Checks what every viewer is shown against a plain computation from the model. */
import assert from 'node:assert/strict';
import { isWarbleError } from '#domain/errors.ts';
import { snowflakeTime } from '#domain/ids.ts';
import { WINDOW_MS, WINDOWS, type Window } from '#domain/limits.ts';
import type { System } from '#system/system.ts';
import type { Ids } from './facts.ts';
import { type Model, mayRead, mayReadTweet, maySee, pair } from './model.ts';
import type { World } from './world.ts';

const STRANGER = 0;
const viewerOf = (reader: number): number | null => (reader === STRANGER ? null : reader);

/** Checks everything for every viewer. Only when all workers are idle. */
export async function checkViews(world: World, ids: Ids): Promise<void> {
  const system = world.system();
  for (const reader of [STRANGER, ...world.users]) {
    // The gateway refuses suspended users, but the lists of others must still be right.
    if (reader !== STRANGER && world.model.users.get(reader)!.active) {
      await checkHome(world, system, ids, reader, false);
      await checkHome(world, system, ids, reader, true);
      await checkHomeTops(world, system, reader);
    }
    await checkGlobalTops(world, system, reader);
    await checkUsers(world, system, ids, reader);
  }
  for (const tweetId of world.tweetIds.slice(-12)) await checkTweet(world, system, ids, tweetId);
}

export interface HomeRow {
  tweetId: number;
  /** The newest activity that counts for the home. */
  activity: number;
  repostedBy: number[];
}

/** The position of a repost that was made after `ids` were read. */
const NEWER = Number.MAX_SAFE_INTEGER;

/** The home of a reader, newest first, each tweet once. */
export function plainHome(model: Model, ids: Ids, reader: number, own: boolean): HomeRow[] {
  const counts = (actor: number) =>
    (own && actor === reader) ||
    (model.follows.has(pair(reader, actor)) &&
      !model.mutes.has(pair(reader, actor)) &&
      maySee(model, reader, actor));
  const rows: HomeRow[] = [];
  for (const [tweetId, { author }] of model.tweets) {
    if (!mayReadTweet(model, reader, tweetId) || model.mutes.has(pair(reader, author))) continue;
    const reposts = [...model.users.keys()]
      .filter((actor) => counts(actor) && model.reposts.has(pair(tweetId, actor)))
      .map((actor) => ({ actor, id: ids.reposts.get(pair(tweetId, actor)) ?? NEWER }))
      .sort((a, b) => b.id - a.id);
    const activity = Math.max(counts(author) ? tweetId : 0, reposts[0]?.id ?? 0);
    if (activity === 0) continue;
    rows.push({ tweetId, activity, repostedBy: reposts.map(({ actor }) => actor) });
  }
  return rows.sort((a, b) => b.activity - a.activity);
}

async function checkHome(
  world: World,
  system: System,
  ids: Ids,
  reader: number,
  own: boolean,
): Promise<void> {
  const expected = plainHome(world.model, ids, reader, own);
  const shown = [];
  let position = null;
  do {
    const limit = 1 + ((reader + expected.length) % 7);
    const page = await system.services.timeline.home({ reader, own, position, limit });
    assert.equal(page.partial, false, 'a page is partial though all is up');
    assert.deepEqual(page.degraded, []);
    if (page.next !== null) assert.equal(page.items.length, limit, `a page of ${reader}'s home is not full`);
    shown.push(...page.items);
    position = page.next;
  } while (position !== null);
  assert.deepEqual(
    shown.map((item) => ({
      tweetId: item.tweetView.tweet.id,
      repostedBy: item.repostedBy.map(({ userId }) => userId),
    })),
    expected.map(({ tweetId, repostedBy }) => ({ tweetId, repostedBy })),
    `the home of ${reader}${own ? ', own ones too' : ''}`,
  );
  for (const item of shown) checkItem(world.model, ids, reader, item);
}

type Item = Awaited<ReturnType<System['services']['timeline']['home']>>['items'][number];

/** The counts, previews and viewer state of one tweet. */
function checkItem(model: Model, ids: Ids, reader: number, item: Item): void {
  const { tweetView } = item;
  const tweetId = tweetView.tweet.id;
  const actors = (set: Set<string>) => [...model.users.keys()].filter((user) => set.has(pair(tweetId, user)));
  const comments = commentsOf(model, tweetId);
  assert.deepEqual(
    [tweetView.likeCount, tweetView.commentCount, tweetView.repostCount],
    [actors(model.likes).length, comments.length, actors(model.reposts).length],
    `the counts of ${tweetId} for ${reader}`,
  );
  if (reader !== STRANGER) {
    const viewer = {
      liked: model.likes.has(pair(tweetId, reader)),
      reposted: model.reposts.has(pair(tweetId, reader)),
    };
    assert.deepEqual(item.viewer, viewer, `what ${reader} did with ${tweetId}`);
  }
  const likers = newestFirst(actors(model.likes), (user) => ids.likes.get(pair(tweetId, user))!);
  // Where the newest are hidden from the reader, older ones are searched for.
  const visible = likers.filter((user) => mayRead(model, reader, user));
  assert.deepEqual(
    tweetView.likes.map((like) => like.userId),
    visible.slice(0, 3),
    `the newest likes of ${tweetId} for ${reader}`,
  );
  const commenter = (id: number) => model.comments.get(id)!.author;
  const shown = comments.filter((id) => mayRead(model, reader, commenter(id))).slice(0, 3);
  assert.deepEqual(
    tweetView.comments.map(({ commentId }) => commentId),
    shown,
    `the newest comments on ${tweetId} for ${reader}`,
  );
  const named = [model.tweets.get(tweetId)!.author, ...visible.slice(0, 3), ...shown.map(commenter)];
  assert.deepEqual(
    tweetView.users.map(({ userId }) => userId).sort(),
    [...new Set(named)].sort(),
    `whom the tweet view of ${tweetId} names for ${reader}`,
  );
}

function commentsOf(model: Model, tweetId: number): number[] {
  const ids = [...model.comments]
    .filter(([, comment]) => comment.alive && comment.tweetId === tweetId)
    .map(([id]) => id);
  return ids.sort((a, b) => b - a);
}

function newestFirst(users: number[], idOf: (user: number) => number): number[] {
  return users.sort((a, b) => idOf(b) - idOf(a));
}

/** Tweets of a window, most liked first, then the author's public followers, then newest. */
function plainTop(
  world: World,
  window: Window,
  counts: (tweetId: number, author: number) => boolean,
): number[] {
  const { model, system } = world;
  const oldest_ms = system().clock.now() - WINDOW_MS[window];
  const likes = (tweetId: number) =>
    [...model.users.keys()].filter((user) => model.likes.has(pair(tweetId, user))).length;
  const followers = (author: number) =>
    [...model.users.keys()].filter((user) => model.follows.get(pair(user, author)) === false).length;
  return [...model.tweets]
    .filter(([id, { alive, author }]) => alive && snowflakeTime(id) > oldest_ms && counts(id, author))
    .map(([id, { author }]) => ({ id, likes: likes(id), followers: followers(author) }))
    .sort((a, b) => b.likes - a.likes || b.followers - a.followers || b.id - a.id)
    .map(({ id }) => id);
}

async function checkGlobalTops(world: World, system: System, reader: number): Promise<void> {
  const { model } = world;
  for (const window of WINDOWS) {
    const shown: number[] = [];
    let position = null;
    do {
      const page = await system.services.timeline.top({
        viewer: viewerOf(reader),
        window,
        position,
        limit: 20,
      });
      shown.push(...page.items.map((item) => item.tweetView.tweet.id));
      position = page.next;
    } while (position !== null);
    const expected = plainTop(
      world,
      window,
      (id, author) => !model.users.get(author)!.protected && mayReadTweet(model, reader, id),
    );
    assert.deepEqual(shown, expected, `the top tweets of ${window} for ${reader}`);
  }
}

async function checkHomeTops(world: World, system: System, reader: number): Promise<void> {
  const { model } = world;
  for (const window of WINDOWS) {
    const page = await system.services.timeline.homeTop({ reader, window, k: 10, own: false });
    const expected = plainTop(world, window, (id, author) => {
      const key = pair(reader, author);
      return model.follows.has(key) && !model.mutes.has(key) && mayReadTweet(model, reader, id);
    });
    assert.deepEqual(
      page.items.map((item) => item.tweetView.tweet.id),
      expected.slice(0, 10),
      `the home's top of ${window} for ${reader}`,
    );
  }
}

async function all<Item, Position>(
  read: (before: Position | null) => Promise<{ items: Item[]; next: Position | null }>,
): Promise<Item[]> {
  const items: Item[] = [];
  let before: Position | null = null;
  do {
    const page: { items: Item[]; next: Position | null } = await read(before);
    items.push(...page.items);
    before = page.next;
  } while (before !== null);
  return items;
}

/**
 * Profiles, counts, followers and followees, as the viewer may see them: private follows only in the viewer's own
 * list.
 */
async function checkUsers(world: World, system: System, ids: Ids, reader: number): Promise<void> {
  const { model, users } = world;
  const { social, timeline } = system.services;
  const viewer = viewerOf(reader);
  for (const userId of users) {
    if (!maySee(model, reader, userId)) {
      await assert.rejects(social.followers({ userId, viewer, before: null, limit: 5 }), (error) =>
        isWarbleError(error, 'not_found'),
      );
      continue;
    }
    const publicly = (from: number, to: number) => model.follows.get(pair(from, to)) === false;
    const profile = await social.profile({ userId, viewer });
    const counts = [
      users.filter((from) => publicly(from, userId)).length,
      users.filter((to) => publicly(userId, to)).length,
    ];
    assert.deepEqual(
      [profile.followerCount, profile.followingCount],
      counts,
      `the counts of ${userId} for ${reader}`,
    );

    const reads = mayRead(model, reader, userId);
    const followers = users.filter((from) => reads && publicly(from, userId) && maySee(model, reader, from));
    const followerRows = await all<{ userId: number }, number>((before) =>
      social.followers({ userId, viewer, before, limit: 3 }),
    );
    assert.deepEqual(
      followerRows.map((row) => row.userId),
      newestFirst(followers, (from) => ids.follows.get(pair(from, userId))!),
      `the followers of ${userId} for ${reader}`,
    );
    const mine = userId === reader;
    const followees = users.filter(
      (to) =>
        reads &&
        (publicly(userId, to) || (mine && model.follows.has(pair(userId, to)))) &&
        maySee(model, reader, to),
    );
    const followingRows = await all<{ userId: number }, number>((before) =>
      social.following({ userId, viewer, before, limit: 3 }),
    );
    assert.deepEqual(
      followingRows.map((row) => row.userId).sort(),
      followees.sort(),
      `whom ${userId} follows, for ${reader}`,
    );
    const own = [...model.tweets]
      .filter(([id, { author }]) => author === userId && mayReadTweet(model, reader, id))
      .map(([id]) => id);
    const shown = await all<Item, number>((before) =>
      timeline.byAuthor({ author: userId, viewer, before, limit: 4 }),
    );
    assert.deepEqual(
      shown.map((item) => item.tweetView.tweet.id),
      own.sort((a, b) => b - a),
      `the tweets of ${userId} for ${reader}`,
    );
  }
}

/** One tweet and its lists, for everybody. */
async function checkTweet(world: World, system: System, ids: Ids, tweetId: number): Promise<void> {
  const { model, users } = world;
  const { engagement, timeline } = system.services;
  for (const reader of [STRANGER, ...users]) {
    const viewer = viewerOf(reader);
    if (!mayReadTweet(model, reader, tweetId)) {
      await assert.rejects(timeline.tweet({ tweetId, viewer }), (error) => isWarbleError(error, 'not_found'));
      await assert.rejects(engagement.likes({ tweetId, viewer, before: null, limit: 5 }), (error) =>
        isWarbleError(error, 'not_found'),
      );
      continue;
    }
    const page = await timeline.tweet({ tweetId, viewer });
    checkItem(model, ids, reader, page.items[0]!);
    for (const [set, idMap, read] of [
      [model.likes, ids.likes, engagement.likes],
      [model.reposts, ids.reposts, engagement.reposts],
    ] as const) {
      const actors = users.filter((user) => set.has(pair(tweetId, user)) && mayRead(model, reader, user));
      const rows = await all<{ userId: number }, number>((before) =>
        read({ tweetId, viewer, before, limit: 2 }),
      );
      assert.deepEqual(
        rows.map((row) => row.userId),
        newestFirst(actors, (user) => idMap.get(pair(tweetId, user))!),
        `who liked or reposted ${tweetId}, for ${reader}`,
      );
    }
    const comments = commentsOf(model, tweetId).filter((id) =>
      mayRead(model, reader, model.comments.get(id)!.author),
    );
    const rows = await all<{ id: number }, number>((before) =>
      engagement.comments({ tweetId, viewer, before, limit: 2 }),
    );
    assert.deepEqual(
      rows.map((row) => row.id),
      comments,
      `the comments on ${tweetId} for ${reader}`,
    );
  }
}
