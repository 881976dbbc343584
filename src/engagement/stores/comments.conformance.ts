import assert from 'node:assert/strict';
import { test } from 'node:test';
import { snowflakeTime } from '#domain/ids.ts';
import {
  AUTHOR,
  type CreateBackend,
  draft,
  engagementSuite,
  eventsOf,
  list,
  listed,
  OTHER_TWEET,
  summary,
  TIME_MS,
  TWEET,
  traceId,
  types,
} from '../testing/store-kit.ts';

export function describeComments(name: string, create: CreateBackend): void {
  engagementSuite(`comments in the engagement store ${name}`, create, (kit) => {
    test('a comment is counted, announced and shown from when it is listed, and not before', async () => {
      const { commentId } = await kit.one.beginComment(draft(1));
      assert.equal((await summary(kit.two)).commentCount, 0);
      assert.deepEqual(await kit.two.comments(list()), []);
      assert.deepEqual(await kit.two.active({ ids: [commentId] }), []);
      assert.deepEqual(await eventsOf(kit.log, 'engagement', AUTHOR), []);

      assert.equal(await kit.two.listComment({ commentId, traceId }), true);
      assert.equal(await kit.one.listComment({ commentId, traceId }), true);
      const row = { id: commentId, tweetId: TWEET, userId: 1 };
      assert.equal((await summary(kit.one)).commentCount, 1);
      assert.deepEqual((await summary(kit.one)).comments, [row]);
      assert.deepEqual(await kit.one.comments(list()), [row]);
      assert.deepEqual(await kit.one.comment({ commentId }), { ...row, author: AUTHOR, state: 'listed' });
      assert.deepEqual(types(await eventsOf(kit.log, 'engagement', AUTHOR)), [
        ['comment.added', 1, commentId],
      ]);
    });

    test('a removed comment is uncounted once, and ends when its text is gone', async () => {
      const commentId = await listed(kit.one, 1);
      const removed = await Promise.all(
        [kit.one, kit.two].map((store) => store.removeComment({ commentId, time: TIME_MS, traceId })),
      );
      assert.deepEqual(removed.sort(), [false, true]);
      assert.equal((await summary(kit.one)).commentCount, 0);
      assert.deepEqual(await kit.one.comments(list()), []);
      assert.equal(await kit.one.listComment({ commentId, traceId }), false);
      assert.deepEqual(types(await eventsOf(kit.log, 'engagement', AUTHOR)), [
        ['comment.added', 1, commentId],
        ['comment.removed', 1, commentId],
      ]);
      assert.equal((await kit.two.comment({ commentId }))?.state, 'deleting');
      await kit.one.completeDeletions({ commentIds: [commentId, 99], time: TIME_MS });
      assert.equal((await kit.two.comment({ commentId }))?.state, 'deleted');
    });

    test('an abandoned comment never was: no count, no event, its key is free again', async () => {
      const { commentId } = await kit.one.beginComment(draft(1, 'key'));
      await kit.two.abandonComment({ commentId, time: TIME_MS });
      assert.equal(await kit.one.listComment({ commentId, traceId }), false);
      assert.equal(await kit.one.removeComment({ commentId, time: TIME_MS, traceId }), false);
      assert.equal(await kit.one.commentByKey({ actor: 1, key: 'key', since: 0 }), undefined);
      assert.deepEqual(await eventsOf(kit.log, 'engagement', AUTHOR), []);
      const again = await kit.two.beginComment(draft(1, 'key'));
      assert.notEqual(again.commentId, commentId);
      const listedId = await listed(kit.one, 2);
      await kit.one.abandonComment({ commentId: listedId, time: TIME_MS });
      assert.equal((await kit.one.comment({ commentId: listedId }))?.state, 'listed');
    });

    test('one key makes one comment, from both handles at once too', async () => {
      const begun = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 === 0 ? kit.one : kit.two).beginComment(draft(1, 'key')),
        ),
      );
      assert.equal(new Set(begun.map((keyed) => keyed.commentId)).size, 1);
      const keyed = { commentId: begun[0]!.commentId, tweetId: TWEET, bodyHash: 'body' };
      const find = { actor: 1, key: 'key', since: 0 };
      assert.deepEqual(await kit.two.commentByKey(find), { ...keyed, state: 'pending' });
      await kit.one.listComment({ commentId: keyed.commentId, traceId });
      assert.deepEqual(await kit.two.commentByKey(find), { ...keyed, state: 'listed' });
      assert.deepEqual(await kit.two.beginComment(draft(1, 'key', OTHER_TWEET)), {
        ...keyed,
        state: 'listed',
      });
      assert.equal(await kit.two.commentByKey({ ...find, actor: 2 }), undefined);
      assert.notEqual((await kit.one.beginComment(draft(2, 'key'))).commentId, keyed.commentId);
    });

    test('a key is forgotten after its TIME_MS, whether pruned yet or not', async () => {
      const first = await kit.one.beginComment(draft(1, 'key'));
      const used = snowflakeTime(first.commentId);
      assert.equal((await kit.one.commentByKey({ actor: 1, key: 'key', since: used }))?.state, 'pending');
      assert.equal(await kit.one.commentByKey({ actor: 1, key: 'key', since: used + 1 }), undefined);
      const later = { ...draft(1, 'key'), keysSince: used + 1 };
      assert.equal((await kit.two.beginComment(later)).commentId, later.id);
      assert.equal(await kit.one.pruneKeys({ before: used + 60_000, limit: 10 }), false);
      assert.equal(await kit.two.commentByKey({ actor: 1, key: 'key', since: 0 }), undefined);
      assert.equal((await kit.two.comment({ commentId: later.id }))?.state, 'pending');
    });

    test('what is unsettled is found by how long it waits, in bounded portions', async () => {
      const waiting = (await kit.one.beginComment(draft(1))).commentId;
      const done = await listed(kit.one, 2);
      const began = snowflakeTime(waiting);
      const find = (before: number, limit = 10) => kit.two.unfinishedComments({ before, limit });
      const ids = async (before: number, limit?: number) =>
        (await find(before, limit)).map((row) => [row.id, row.state]);
      assert.deepEqual(await ids(began), []);
      assert.deepEqual(await ids(began + 1), [[waiting, 'pending']]);
      await kit.one.removeComment({ commentId: done, time: TIME_MS, traceId });
      assert.deepEqual(await ids(TIME_MS), [[waiting, 'pending']]);
      assert.deepEqual(await ids(TIME_MS + 1), [
        [waiting, 'pending'],
        [done, 'deleting'],
      ]);
      assert.deepEqual(await ids(TIME_MS + 1, 1), [[waiting, 'pending']]);
      await kit.one.completeDeletions({ commentIds: [done, waiting], time: TIME_MS });
      assert.deepEqual(await ids(TIME_MS + 1), [[waiting, 'pending']]);
    });
  });
}
