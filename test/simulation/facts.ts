/** Compares the facts in the services with the model, and collects the ids that only the services know. */
import assert from 'node:assert/strict';
import type { System } from '#system/system.ts';
import { type Model, pair } from './model.ts';
import type { Resolved, World } from './world.ts';

/**
 * Ids by which lists are ordered: pair(tweetId, user) -> like's or repost's id; pair(a, b) -> the follow's or
 * request's id.
 */
export interface Ids {
  likes: Map<string, number>;
  reposts: Map<string, number>;
  follows: Map<string, number>;
  requests: Map<string, number>;
}

type Kept = Awaited<ReturnType<typeof keptEngagement>>;

async function keptEngagement(system: System) {
  const kept = {
    likes: new Map<string, number>(),
    reposts: new Map<string, number>(),
    comments: new Map<number, { tweetId: number; actor: number }>(),
  };
  let after: number | null = 0;
  while (after !== null) {
    const page = await system.services.engagement.scan({ after, limit: 200 });
    for (const { kind, id, tweetId, actor } of page.engagements) {
      if (kind === 'comment') kept.comments.set(id, { tweetId, actor });
      else kept[kind === 'like' ? 'likes' : 'reposts'].set(pair(tweetId, actor), id);
    }
    after = page.next;
  }
  return kept;
}

async function keptTweets(system: System): Promise<Map<number, number>> {
  const kept = new Map<number, number>();
  let after: number | null = 0;
  while (after !== null) {
    const page = await system.services.tweets.scan({ after, limit: 200 });
    for (const { id, author } of page.tweets) kept.set(id, author);
    after = page.next;
  }
  return kept;
}

/** Throws AssertionError where a fact is missing, duplicated or invented. */
export async function checkFacts({ system, model, users }: World): Promise<Ids> {
  const tweets = await keptTweets(system());
  const alive = [...model.tweets].filter(([, tweet]) => tweet.alive).map(([id]) => id);
  assert.deepEqual([...tweets.keys()].sort(), alive.sort(), 'the live tweets');

  const kept = await keptEngagement(system());
  const onLive = (keys: Iterable<string>) =>
    [...keys].filter((key) => model.tweets.get(Number(key.split(' ')[0]))?.alive).sort();
  assert.deepEqual(onLive(kept.likes.keys()), onLive(model.likes), 'the likes');
  assert.deepEqual(onLive(kept.reposts.keys()), onLive(model.reposts), 'the reposts');
  const standing = [...model.comments].filter(
    ([, { alive: stands, tweetId }]) => stands && model.tweets.get(tweetId)?.alive,
  );
  const listed = [...kept.comments].filter(([, { tweetId }]) => model.tweets.get(tweetId)?.alive);
  assert.deepEqual(listed.map(([id]) => id).sort(), standing.map(([id]) => id).sort(), 'the comments');

  for (const viewer of users) {
    const views = await system().services.social.view({ viewer, userIds: [...users] });
    for (const view of views)
      assert.deepEqual(
        relationshipOf(view),
        modelRelationship(model, viewer, view.userId),
        `${viewer} to ${view.userId}`,
      );
  }
  return {
    likes: kept.likes,
    reposts: kept.reposts,
    follows: await edgeIds(system(), users),
    requests: await requestIds(system(), users),
  };
}

async function edgeIds(system: System, users: readonly number[]): Promise<Map<string, number>> {
  const follows = new Map<string, number>();
  for (const follower of users) {
    const pairs = users.map((followee) => ({ follower, followee }));
    for (const edge of await system.services.social.follows({ pairs })) {
      follows.set(pair(edge.follower, edge.followee), edge.id);
    }
  }
  return follows;
}

async function requestIds(system: System, users: readonly number[]): Promise<Map<string, number>> {
  const requests = new Map<string, number>();
  for (const userId of users) {
    const { items } = await system.services.social.followRequests({ userId, before: null, limit: 100 });
    for (const { id, userId: asker } of items) requests.set(pair(asker, userId), id);
  }
  return requests;
}

interface Relationship {
  active: boolean;
  protected: boolean;
  following: boolean;
  followingPrivately: boolean;
  requested: boolean;
  followedBy: boolean;
  blocking: boolean;
  blockedBy: boolean;
  muting: boolean;
}

function relationshipOf(view: Omit<Relationship, 'active'> & { state: string }): Relationship {
  const { following, followingPrivately, requested, followedBy, blocking, blockedBy, muting } = view;
  const relation = { following, followingPrivately, requested, followedBy, blocking, blockedBy, muting };
  return { active: view.state === 'active', protected: view.protected, ...relation };
}

function modelRelationship(model: Model, viewer: number, other: number): Relationship {
  const { active, protected: locked } = model.users.get(other)!;
  return {
    active,
    protected: locked,
    following: model.follows.has(pair(viewer, other)),
    followingPrivately: model.follows.get(pair(viewer, other)) === true,
    requested: model.requests.has(pair(viewer, other)),
    followedBy: model.follows.get(pair(other, viewer)) === false,
    blocking: model.blocks.has(pair(viewer, other)),
    blockedBy: model.blocks.has(pair(other, viewer)),
    muting: model.mutes.has(pair(viewer, other)),
  };
}

/**
 * After actions whose outcome is unknown: each took effect completely or not at all, and the model adopts which.
 */
export async function adopt(world: World, uncertain: readonly Resolved[]): Promise<void> {
  if (uncertain.length === 0) return;
  const kept = await keptEngagement(world.system());
  const tweets = await keptTweets(world.system());
  for (const action of uncertain) await adoptOne(world, action, kept, tweets);
  finishProtectionMigrations(world.model);
}

/**
 * A change of protection that a crash interrupted is in effect; the migrator finishes the requests and private
 * follows.
 */
function finishProtectionMigrations({ users, follows, requests }: Model): void {
  for (const key of [...requests]) {
    if (users.get(Number(key.split(' ')[1]))!.protected) continue;
    requests.delete(key);
    follows.set(key, false);
  }
  for (const [key, isPrivate] of [...follows]) {
    if (isPrivate && users.get(Number(key.split(' ')[1]))!.protected) follows.delete(key);
  }
}

async function adoptOne(
  world: World,
  action: Resolved,
  kept: Kept,
  tweets: Map<number, number>,
): Promise<void> {
  const { model } = world;
  switch (action.kind) {
    case 'post':
      for (const [id, author] of tweets) {
        if (model.tweets.has(id)) continue;
        assert.equal(author, action.user, 'a tweet that nobody posted');
        model.tweets.set(id, { author, alive: true });
        world.tweetIds.push(id);
        break;
      }
      break;
    case 'delete':
      model.tweets.get(action.tweetId)!.alive = tweets.has(action.tweetId);
      break;
    case 'like':
    case 'unlike':
      assign(model.likes, pair(action.tweetId, action.user), kept.likes);
      break;
    case 'repost':
    case 'unrepost':
      assign(model.reposts, pair(action.tweetId, action.user), kept.reposts);
      break;
    case 'comment':
      for (const [id, { tweetId, actor }] of kept.comments) {
        if (model.comments.has(id) || tweetId !== action.tweetId || actor !== action.user) continue;
        model.comments.set(id, { author: actor, tweetId, alive: true });
        world.commentIds.push(id);
        break;
      }
      break;
    case 'uncomment': {
      const comment = model.comments.get(action.commentId);
      if (comment !== undefined) comment.alive = kept.comments.has(action.commentId);
      break;
    }
    default:
      for (const other of world.users) {
        await adoptRelationships(world, action.user, other);
        await adoptRelationships(world, other, action.user);
      }
  }
}

function assign(set: Set<string>, key: string, kept: Map<string, number>): void {
  if (kept.has(key)) set.add(key);
  else set.delete(key);
}

async function adoptRelationships({ system, model }: World, viewer: number, other: number): Promise<void> {
  const [view] = await system().services.social.view({ viewer, userIds: [other] });
  const key = pair(viewer, other);
  const put = (set: Set<string>, holds: boolean) => (holds ? set.add(key) : set.delete(key));
  if (view!.following) model.follows.set(key, view!.followingPrivately);
  else model.follows.delete(key);
  put(model.requests, view!.requested);
  put(model.blocks, view!.blocking);
  put(model.mutes, view!.muting);
  model.users.set(other, { protected: view!.protected, active: view!.state === 'active' });
}
