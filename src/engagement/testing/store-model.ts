/**
 * Random actions of a few users through both handles, checked against a plain model after each: counts, lists,
 * flags, active items and tails; and that the events, folded, give the same.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { WarbleEvent } from '#domain/events.ts';
import type { EngagementKind } from '#domain/names.ts';
import type { EngagementStore } from '../engagement-store.ts';
import {
  AUTHOR,
  type CreateBackend,
  draft,
  engagementSuite,
  eventsOf,
  type Kit,
  newEngagement,
  OTHER_TWEET,
  removal,
  TIME_MS,
  TWEET,
  traceId,
} from './store-kit.ts';

const USERS = [1, 2, 3, 4, 5];
const TWEETS = [TWEET, OTHER_TWEET];
const RUNS = 15;

interface Item {
  id: number;
  kind: EngagementKind;
  tweetId: number;
  actor: number;
  /** Comments only. */
  state: 'pending' | 'listed';
}
type Model = Map<number, Item>;

interface Step {
  action: 'like' | 'unlike' | 'repost' | 'unrepost' | 'begin' | 'list' | 'remove' | 'abandon' | 'erase';
  actor: number;
  tweetId: number;
  /** Through which of the two handles. */
  first: boolean;
  /** Picks one of the existing comments. */
  nth: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  action: fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom('like', 'unlike', 'repost', 'unrepost', 'begin') },
    { weight: 20, arbitrary: fc.constantFrom('list', 'remove', 'abandon') },
    { weight: 1, arbitrary: fc.constant('erase') },
  ) as fc.Arbitrary<Step['action']>,
  actor: fc.constantFrom(...USERS),
  tweetId: fc.constantFrom(...TWEETS),
  first: fc.boolean(),
  nth: fc.nat(9),
});

export function describeModel(name: string, create: CreateBackend): void {
  engagementSuite(`random actions in the engagement store ${name}`, create, (kit) => {
    test('counts, lists, flags, tails and events say what a plain model says', async () => {
      let dirty = false;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
          if (dirty) await Promise.all(USERS.map((actor) => eraseAll(kit.one, actor)));
          dirty = true;
          const model: Model = new Map();
          for (const one of steps) {
            await apply(one.first ? kit.one : kit.two, model, one);
            await compare(one.first ? kit.two : kit.one, model, one);
          }
          await compareEvents(kit, model);
        }),
        { numRuns: RUNS },
      );
    });
  });
}

const active = (item: Item) => item.kind !== 'comment' || item.state === 'listed';
const newestFirst = (a: { id: number }, b: { id: number }) => b.id - a.id;

function find(model: Model, kind: Item['kind'], { tweetId, actor }: Step): Item | undefined {
  return [...model.values()].find(
    (item) => item.kind === kind && item.tweetId === tweetId && item.actor === actor,
  );
}

async function eraseAll(store: EngagementStore, actor: number): Promise<void> {
  for (let done = false; !done; ) {
    ({ done } = await store.eraseActor({ actor, limit: 3, time: TIME_MS, traceId }));
  }
}

/** Does the step in the store and in the model; both must agree on whether anything changed. */
async function apply(store: EngagementStore, model: Model, one: Step): Promise<void> {
  const { action, actor, tweetId, nth } = one;
  const comments = [...model.values()].filter((item) => item.kind === 'comment');
  const comment = comments[nth % Math.max(1, comments.length)];
  if (action === 'like' || action === 'repost') {
    const item = newEngagement(actor, tweetId);
    const isNew = find(model, action, one) === undefined;
    assert.equal(await (action === 'like' ? store.addLike(item) : store.addRepost(item)), isNew);
    if (isNew) model.set(item.id, { id: item.id, kind: action, tweetId, actor, state: 'listed' });
  } else if (action === 'unlike' || action === 'unrepost') {
    const found = find(model, action === 'unlike' ? 'like' : 'repost', one);
    const removed = action === 'unlike' ? store.removeLike : store.removeRepost;
    assert.equal(await removed(removal(actor, tweetId)), found !== undefined);
    if (found !== undefined) model.delete(found.id);
  } else if (action === 'begin') {
    const { commentId: id } = await store.beginComment(draft(actor, undefined, tweetId));
    model.set(id, { id, kind: 'comment', tweetId, actor, state: 'pending' });
  } else if (action === 'erase') {
    await eraseAll(store, actor);
    for (const item of model.values()) if (item.actor === actor) model.delete(item.id);
  } else if (comment !== undefined) {
    const { id: commentId, state } = comment;
    if (action === 'list') {
      assert.equal(await store.listComment({ commentId, traceId }), true);
      comment.state = 'listed';
    } else if (action === 'remove') {
      const removed = await store.removeComment({ commentId, time: TIME_MS, traceId });
      assert.equal(removed, state === 'listed');
      if (removed) model.delete(commentId);
    } else {
      await store.abandonComment({ commentId, time: TIME_MS });
      if (state === 'pending') model.delete(commentId);
    }
  }
}

async function compare(store: EngagementStore, model: Model, { actor: viewer }: Step): Promise<void> {
  const items = [...model.values()].filter(active).sort(newestFirst);
  const summaries = await store.summaries({ viewer, tweetIds: TWEETS });
  for (const tweetId of TWEETS) {
    const rows = (kind: Item['kind']) =>
      items
        .filter((item) => item.kind === kind && item.tweetId === tweetId)
        .map((item) => ({ id: item.id, tweetId, userId: item.actor }));
    const [likes, comments, reposts] = [rows('like'), rows('comment'), rows('repost')];
    assert.deepEqual(
      summaries.find((summary) => summary.tweetId === tweetId),
      {
        tweetId,
        likeCount: likes.length,
        commentCount: comments.length,
        repostCount: reposts.length,
        likes: likes.slice(0, 8),
        comments: comments.slice(0, 8),
        viewer: {
          liked: likes.some((row) => row.userId === viewer),
          reposted: reposts.some((row) => row.userId === viewer),
        },
      },
    );
    const whole = { tweetId, before: null, limit: 100 };
    assert.deepEqual(await store.likes(whole), likes);
    assert.deepEqual(await store.comments(whole), comments);
    assert.deepEqual(await store.reposts(whole), reposts);
    const counts = await store.likeCounts({ tweetIds: [tweetId] });
    assert.equal(counts[0]?.likes ?? 0, likes.length);
  }
  const byIds = items.filter((item) => item.kind === 'repost');
  const tails = await store.repostTails({
    actors: USERS,
    before: null,
    atLeast: 0,
    afterPositions: null,
    limit: 9,
  });
  const tailed = tails.flatMap(({ actor, reposts }) => reposts.map((repost) => [repost.id, actor]));
  assert.deepEqual(
    tailed.sort((a, b) => b[0]! - a[0]!),
    byIds.map((item) => [item.id, item.actor]),
  );
  const through = Number.MAX_SAFE_INTEGER;
  const named = await store.repostsBy({ tweetIds: TWEETS, actors: USERS, through, undoneAfter: null });
  assert.deepEqual(
    named.map((row) => row.id),
    byIds.map((item) => item.id),
  );
}

/** The events of the whole history, folded, leave exactly the active items; each is added and removed at most once. */
async function compareEvents(kit: Kit, model: Model): Promise<void> {
  const fold = (events: WarbleEvent[]) => {
    const left = new Set<number>();
    const seen = new Set<string>();
    for (const { type, itemId } of events) {
      assert.ok(!seen.has(`${type} ${itemId}`), `${type} ${itemId} came twice`);
      seen.add(`${type} ${itemId}`);
      if (type.endsWith('.added')) left.add(itemId);
      else assert.ok(left.delete(itemId), `${type} ${itemId} came before it was added`);
    }
    return [...left].sort((a, b) => a - b);
  };
  const ids = (kinds: Item['kind'][]) =>
    [...model.values()]
      .filter((item) => active(item) && kinds.includes(item.kind))
      .map((item) => item.id)
      .sort((a, b) => a - b);
  const told = await eventsOf(kit.log, 'engagement', AUTHOR);
  assert.deepEqual(fold(told), ids(['like', 'comment', 'repost']));
  const reposts = await Promise.all(USERS.map((actor) => eventsOf(kit.log, 'reposts', actor)));
  assert.deepEqual(fold(reposts.flat()), ids(['repost']));
}
