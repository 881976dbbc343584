import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { commentOf, eventsOf, insertOf, recordOf } from '../testing/samples.ts';
import { openSqliteTweetsStore, type SqliteTweetsStore } from './sqlite.ts';
import { describeTweetsStore } from './tweets-store.conformance.ts';

describeTweetsStore('on SQLite', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'warble-tweets-'));
  return {
    open: async () => openSqliteTweetsStore({ path: join(directory, 'tweets.db') }),
    remove: async () => rmSync(directory, { recursive: true }),
  };
});

const ANN = 11;
const deletion = { by: 'author', now: 5, traceId: '' } as const;

describe('on SQLite', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'warble-tweets-'));
    path = join(directory, 'tweets.db');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Opens the store in a process that dies at the n-th commit, just before or just after it. */
  function openToDie(moment: keyof CommitFaults, commit: number): SqliteTweetsStore {
    let commits = 0;
    const die = () => {
      if (++commits < commit) return;
      store.db.crash();
      throw new Error('killed');
    };
    const store = openSqliteTweetsStore({ path, faults: { [moment]: die } });
    return store;
  }

  async function storedState() {
    const store = openSqliteTweetsStore({ path });
    const events = await eventsOf(store.log);
    const state = {
      live: (await store.get({ ids: [1, 2, 3] })).map((record) => record.id),
      count: (await store.counts({ authors: [ANN] }))[0]!.count,
      listed: await store.byAuthor({ author: ANN, before: null, limit: 9 }),
      events: events.map((event) => `${event.sequence} ${event.type} ${event.entityId}`),
    };
    await store.db.close();
    return state;
  }

  for (const [moment, kept] of [
    ['beforeCommit', false],
    ['afterCommit', true],
  ] as const) {
    const what = kept ? 'all of it is there' : 'nothing of it is there';
    test(`a crash ${moment} of a post: ${what}, the tweet, its count and its event`, async () => {
      const store = openToDie(moment, 1);
      await assert.rejects(store.insertTweet(insertOf(recordOf(1, ANN))));
      assert.deepEqual(
        await storedState(),
        kept
          ? { live: [1], count: 1, listed: [1], events: ['1 tweet.posted 1'] }
          : { live: [], count: 0, listed: [], events: [] },
      );
    });
    test(`a crash ${moment} of a deletion: ${what}`, async () => {
      const store = openToDie(moment, 3);
      await store.insertTweet(insertOf(recordOf(1, ANN)));
      await store.insertComment(commentOf(2, ANN, 1));
      await assert.rejects(store.removeTweet({ tweetId: 1, author: ANN, ...deletion }));
      const posted = '1 tweet.posted 1';
      assert.deepEqual(
        await storedState(),
        kept
          ? { live: [], count: 0, listed: [], events: [posted, '2 tweet.deleted 1'] }
          : { live: [1, 2], count: 1, listed: [1], events: [posted] },
      );
    });
    test(`a crash ${moment} of a post with a key: the retry makes one tweet`, async () => {
      const keyed = (id: number) => insertOf(recordOf(id, ANN), { idempotency: { key: 'k', bodyHash: 'h' } });
      const store = openToDie(moment, 1);
      await assert.rejects(store.insertTweet(keyed(1)));
      const again = openSqliteTweetsStore({ path });
      assert.deepEqual(
        await again.insertTweet(keyed(2)),
        kept ? { outcome: 'repeated', tweetId: 1 } : { outcome: 'inserted', tweetId: 2 },
      );
      await again.db.close();
      const id = kept ? 1 : 2;
      const { live, count, events } = await storedState();
      assert.deepEqual({ live, count, events }, { live: [id], count: 1, events: [`1 tweet.posted ${id}`] });
    });
    test(`a crash ${moment} of an erasure: it can be finished, with each event once`, async () => {
      const store = openToDie(moment, 4);
      for (const id of [1, 2, 3]) await store.insertTweet(insertOf(recordOf(id, ANN)));
      const erase = { author: ANN, limit: 2, ...deletion } as const;
      await assert.rejects(store.eraseAuthor(erase));
      const again = openSqliteTweetsStore({ path });
      while (!(await again.eraseAuthor(erase)).done);
      await again.db.close();
      const { live, count, events } = await storedState();
      assert.deepEqual({ live, count, events: events.length }, { live: [], count: 0, events: 6 });
    });
  }

  test('what waits when the process dies was never answered and is not there', async () => {
    const store = openSqliteTweetsStore({ path });
    let answered = false;
    store.insertTweet(insertOf(recordOf(1, ANN))).then(
      () => (answered = true),
      () => {},
    );
    store.db.crash();
    assert.deepEqual((await storedState()).live, []);
    assert.equal(answered, false);
  });

  test('the text of a deleted tweet, of its old versions and of its comments is nowhere in the files', async () => {
    const secret = 'Ein sehr privates Geheimnis';
    const store = openSqliteTweetsStore({ path });
    const entities = { mentions: [], hashtags: [{ start: 0, end: 4, tag: `${secret} tag` }], links: [] };
    const images = [{ image: `${secret}.png`, width: 1, height: 1, alt: secret }];
    const long = secret.repeat(50);
    await store.insertTweet(
      insertOf(recordOf(1, ANN, { content: long, entities, images, labels: [secret] })),
    );
    await store.insertTweet(insertOf(recordOf(2, ANN)));
    const comments = Array.from({ length: 150 }, (_, index) => 1_000 + index);
    await Promise.all(
      comments.map((id) => store.insertComment({ ...commentOf(id, 12, 1), content: `${secret} ${id}` })),
    );
    await store.db.write(() => {
      store.db.prepare('INSERT INTO tweet_versions VALUES (1, 0, ?, ?, 1)').run(secret, secret);
    });
    await store.removeTweet({ tweetId: 1, author: ANN, ...deletion });
    while (await store.sweepComments({ limit: 30, now: 5 }));
    await store.db.close();
    for (const file of readdirSync(directory)) {
      assert.equal(readFileSync(join(directory, file)).includes(secret), false, file);
    }
    assert.deepEqual((await storedState()).live, [2]);
  });

  test('what a commit changed is reported in the turn of that commit, before its answer', async () => {
    const store = openSqliteTweetsStore({ path });
    const order: string[] = [];
    store.changes.onChange((changed) => order.push(`changed ${[...changed].join(' ')}`));
    store.db.onCommit(() => order.push('events can be read'));
    await store.insertTweet(insertOf(recordOf(1, ANN)));
    await store.insertComment(commentOf(2, ANN, 1));
    order.length = 0;
    await store.removeTweet({ tweetId: 1, author: ANN, ...deletion }).then(() => order.push('answered'));
    assert.deepEqual(order, ['changed 1 2', 'events can be read', 'answered']);
    await store.db.close();
  });
});
