/** Random histories through two handles, against the simplest thing that could be right. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TweetsStore } from '../tweets-store.ts';
import { commentOf, eventsOf, insertOf, recordOf, type TweetsBackend } from './samples.ts';

type Action =
  | { do: 'post'; author: number; key: number }
  | { do: 'remove' | 'removeAgain'; pick: number; author: number }
  | { do: 'comment'; pick: number; author: number }
  | { do: 'removeComment'; pick: number }
  | { do: 'erase'; author: number }
  | { do: 'sweep' };

interface Item {
  id: number;
  author: number;
  root: number | null;
  live: boolean;
}

const AUTHORS = [1, 2, 3];
const author = fc.constantFrom(...AUTHORS);
const pick = fc.nat(30);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('post'), author, key: fc.nat(12) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('remove', 'removeAgain'), pick, author }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('comment'), pick, author }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('removeComment'), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('erase'), author }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep') }) },
);

export function describeAgainstModel(name: string, create: () => Promise<TweetsBackend>): void {
  test(`tweets store ${name}: every history leaves what a model of it holds`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), async (actions) => {
        const backend = await create();
        const handles = [await backend.open(), await backend.open()];
        try {
          const model = createModel();
          for (const [index, each] of actions.entries()) await model.run(each, handles[index % 2]!);
          for (const store of handles) await model.check(store);
          await model.checkEvents(await eventsOf(handles[0]!.log));
        } finally {
          for (const handle of handles) await handle.close();
          await backend.remove();
        }
      }),
      { numRuns: 25 },
    );
  });
}

function createModel() {
  const items = new Map<number, Item>();
  const keys = new Map<string, number>();
  const events: string[] = [];
  let nextId = 100;
  const deletion = { by: 'author', now: 1, traceId: '' } as const;

  const nth = (n: number) => [...items.values()][n % Math.max(1, items.size)];
  const exists = (item: Item): boolean =>
    item.live && (item.root === null || (items.get(item.root)?.live ?? false));

  function markDeleted(item: Item): void {
    item.live = false;
    if (item.root === null) events.push(`tweet.deleted ${item.id}`);
  }

  async function post(store: TweetsStore, by: number, key: number): Promise<void> {
    const id = nextId++;
    const idempotency = key < 6 ? { key: `k${key}`, bodyHash: 'h' } : null;
    const earlier = idempotency === null ? undefined : keys.get(`${by} ${key}`);
    const got = await store.insertTweet(insertOf(recordOf(id, by), { idempotency, keysSince: 0 }));
    if (earlier !== undefined) return assert.deepEqual(got, { outcome: 'repeated', tweetId: earlier });
    assert.deepEqual(got, { outcome: 'inserted', tweetId: id });
    if (idempotency !== null) keys.set(`${by} ${key}`, id);
    items.set(id, { id, author: by, root: null, live: true });
    events.push(`tweet.posted ${id}`);
  }

  async function comment(store: TweetsStore, by: number, on: Item | undefined): Promise<void> {
    const id = nextId++;
    const got = await store.insertComment(commentOf(id, by, on?.id ?? 1));
    const allowed = on !== undefined && on.root === null && on.live;
    assert.equal(got, allowed ? 'inserted' : 'no_tweet');
    if (allowed) items.set(id, { id, author: by, root: on.id, live: true });
  }

  async function remove(store: TweetsStore, item: Item, by: number): Promise<void> {
    const got = await store.removeTweet({ tweetId: item.id, author: by, ...deletion });
    const own = item.root === null && item.author === by;
    assert.equal(got, own ? (item.live ? 'removed' : 'already') : 'absent');
    if (got === 'removed') markDeleted(item);
  }

  async function erase(store: TweetsStore, by: number): Promise<void> {
    while (!(await store.eraseAuthor({ author: by, limit: 3, ...deletion })).done);
    for (const item of items.values()) if (item.author === by && item.live) markDeleted(item);
    for (const key of keys.keys()) if (key.startsWith(`${by} `)) keys.delete(key);
  }

  return {
    async run(each: Action, store: TweetsStore): Promise<void> {
      const item = 'pick' in each ? nth(each.pick) : undefined;
      if (each.do === 'post') await post(store, each.author, each.key);
      else if (each.do === 'comment') await comment(store, each.author, item);
      else if (each.do === 'erase') await erase(store, each.author);
      else if (each.do === 'sweep') await store.sweepComments({ limit: 2, now: 1 });
      else if (item === undefined) return;
      else if (each.do === 'removeComment') {
        await store.removeComments({ commentIds: [item.id], by: 'author', now: 1 });
        if (item.root !== null) item.live = false;
      } else await remove(store, item, each.do === 'remove' ? item.author : each.author);
    },
    async check(store: TweetsStore): Promise<void> {
      const all = [...items.values()];
      const ids = all.map((item) => item.id);
      const live = all.filter(exists);
      const byId = (a: { id: number }, b: { id: number }) => a.id - b.id;
      const got = await store.get({ ids });
      assert.deepEqual(
        got.map(({ id, content }) => ({ id, content })).sort(byId),
        live.map(({ id }) => ({ id, content: `text ${id}` })),
      );
      assert.deepEqual(
        (await store.authorsOf({ ids })).sort(byId),
        all.map((item) => ({ id: item.id, author: item.author, deleted: !exists(item) })),
      );
      for (const by of AUTHORS) {
        const own = live.filter((item) => item.author === by && item.root === null).map((item) => item.id);
        assert.deepEqual(await store.byAuthor({ author: by, before: null, limit: 100 }), own.reverse());
        assert.deepEqual(await store.counts({ authors: [by] }), [{ author: by, count: own.length }]);
      }
    },
    async checkEvents(got: { type: string; entityId: number }[]): Promise<void> {
      assert.deepEqual(got.map((event) => `${event.type} ${event.entityId}`).sort(), [...events].sort());
    },
  };
}
