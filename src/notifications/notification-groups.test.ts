import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chunksOf, groupNotifications, viewOfGroup } from './notification-groups.ts';
import type { ReadMarker, StoredNotification } from './notifications-store.ts';
import { createReadState } from './read-state.ts';

const reader = 99;
const like = (id: number, actor: number, tweetId = 1): StoredNotification => ({
  recipient: reader,
  id,
  type: 'like',
  tweetId,
  commentId: null,
  actor,
  arrival: 1,
  suppressed: false,
});
const marker = (number: number, upTo: number, arrival = 1): ReadMarker => ({
  number,
  upTo,
  arrival,
  highest: upTo,
});
const NOBODY = new Map();
const grouped = (notifications: StoredNotification[], markers: ReadMarker[] = []) =>
  groupNotifications(notifications, createReadState(markers, NOBODY).readBy);
const idsOf = (groups: { members: StoredNotification[] }[]) =>
  groups.map(({ members }) => members.map(({ id }) => id));

describe('groups', () => {
  test('hold the likes of one tweet, under the newest', () => {
    const groups = grouped([like(9, 3), like(8, 2, 7), like(5, 1)]);
    assert.deepEqual(idsOf(groups), [[9, 5], [8]]);
  });

  test('end at a read marker, which covers what it names', () => {
    const notifications = [like(9, 3), like(7, 2), like(5, 1), like(3, 4)];
    assert.deepEqual(idsOf(grouped(notifications, [marker(1, 5)])), [
      [9, 7],
      [5, 3],
    ]);
    assert.deepEqual(idsOf(grouped(notifications, [marker(1, 4), marker(2, 6), marker(3, 8)])), [
      [9],
      [7],
      [5],
      [3],
    ]);
  });

  test('take in one that arrives after a marker with what is unread, whatever its id', () => {
    const late = { ...like(4, 9), arrival: 2 };
    const notifications = [like(9, 3), late, like(3, 1)];
    assert.deepEqual(idsOf(grouped(notifications, [marker(1, 5)])), [[9, 4], [3]]);
    assert.deepEqual(idsOf(grouped(notifications, [marker(1, 5), marker(2, 4, 2)])), [[9], [4], [3]]);
  });

  test('of comments and mentions have one member each', () => {
    const comment = (id: number): StoredNotification => ({ ...like(id, 1), type: 'comment', commentId: id });
    const mention = (id: number): StoredNotification => ({ ...like(id, 1), type: 'mention' });
    assert.equal(grouped([comment(4), mention(3), comment(2), mention(1)]).length, 4);
  });

  test('name their newest ten actors, each once, and count them all', () => {
    const notifications = Array.from({ length: 24 }, (_, index) => like(100 - index, index % 12));
    const shown = viewOfGroup(grouped(notifications)[0]!, true);
    assert.deepEqual(shown.actors, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual([shown.actorCount, shown.id, shown.read], [12, 100, true]);
  });

  test('are cut into chunks that cut none in two', () => {
    const groups = grouped([like(9, 1, 1), like(8, 1, 2), like(7, 1, 1), like(6, 1, 3), like(5, 1, 4)]);
    assert.deepEqual(
      [...chunksOf(groups, 3)].map((chunk) => idsOf(chunk)),
      [
        [[9, 7], [8]],
        [[6], [5]],
      ],
    );
  });
});

describe('a notification is read', () => {
  const isRead = (notification: StoredNotification, markers: ReadMarker[], hidden = NOBODY) =>
    createReadState(markers, hidden).isRead(notification);

  test('by a marker that names it or something newer, if it had arrived by then', () => {
    assert.equal(isRead(like(5, 1), []), false);
    assert.equal(isRead(like(5, 1), [marker(1, 4)]), false);
    assert.equal(isRead(like(5, 1), [marker(1, 5)]), true);
    assert.equal(isRead({ ...like(5, 1), arrival: 2 }, [marker(1, 1_000_000)]), false);
    assert.equal(isRead({ ...like(5, 1), arrival: 2 }, [marker(1, 1_000_000), marker(2, 5, 2)]), true);
  });

  test('where its actor was hidden when it happened, and for nothing else that they did', () => {
    const hidden = new Map([[1, [{ userId: 1, since: 10, until: 20 }]]]);
    const read = [9, 11, 19, 21].map((id) => isRead(like(id, 1), [], hidden));
    assert.deepEqual(read, [false, true, true, false]);
    assert.equal(isRead(like(15, 2), [], hidden), false);
  });

  test('where nobody was told of it when it happened', () => {
    assert.equal(isRead({ ...like(5, 1), suppressed: true }, []), true);
  });
});
