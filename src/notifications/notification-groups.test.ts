import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { groupMembers, type Member, presentGroup, stretches } from './notification-groups.ts';

const like = (id: number, actor: number, tweetId = 1): Member => ({
  id,
  type: 'like',
  tweetId,
  commentId: null,
  actor,
});
const idsOf = (groups: { members: Member[] }[]) => groups.map(({ members }) => members.map(({ id }) => id));

describe('groups', () => {
  test('hold the likes of one tweet, under the newest', () => {
    const groups = groupMembers([like(9, 3), like(8, 2, 7), like(5, 1)], []);
    assert.deepEqual(idsOf(groups), [[9, 5], [8]]);
  });

  test('end at a read mark, which covers what it names', () => {
    const members = [like(9, 3), like(7, 2), like(5, 1), like(3, 4)];
    assert.deepEqual(idsOf(groupMembers(members, [5])), [
      [9, 7],
      [5, 3],
    ]);
    assert.deepEqual(idsOf(groupMembers(members, [4, 6, 8])), [[9], [7], [5], [3]]);
  });

  test('take in one that arrives late by its id, not by when it came', () => {
    const late = like(4, 9);
    assert.deepEqual(idsOf(groupMembers([like(9, 3), late, like(3, 1)], [5])), [[9], [4, 3]]);
  });

  test('of comments and mentions have one member each', () => {
    const comment = (id: number): Member => ({ ...like(id, 1), type: 'comment', commentId: id });
    const mention = (id: number): Member => ({ ...like(id, 1), type: 'mention' });
    assert.equal(groupMembers([comment(4), mention(3), comment(2), mention(1)], []).length, 4);
  });

  test('name their newest ten actors, each once, and count them all', () => {
    const members = Array.from({ length: 24 }, (_, index) => like(100 - index, index % 12));
    const item = presentGroup(groupMembers(members, [])[0]!, 100);
    assert.deepEqual(item.actors, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual([item.actorCount, item.id, item.read], [12, 100, true]);
  });
});

describe('stretches', () => {
  test('cover everything from the first group in question on, once, and cut no group in two', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 });
    const marksOf = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 8 });
    const below = fc.integer({ min: 1, max: 62 });
    fc.assert(
      fc.property(
        ids,
        marksOf,
        below,
        fc.integer({ min: 1, max: 10 }),
        (unsorted, marks, before, atLeast) => {
          const members = unsorted.sort((a, b) => b - a).map((id) => like(id, id, id % 3));
          marks.sort((a, b) => a - b);
          const parts = [...stretches(members, marks, before, atLeast)];
          const covered = parts.flat();
          assert.deepEqual(covered, covered.length > 0 ? members.slice(-covered.length) : []);
          const whole = groupMembers(members, marks);
          const pieced = parts.flatMap((part) => groupMembers(part, marks));
          assert.deepEqual(
            pieced.filter(({ id }) => id < before).sort((a, b) => b.id - a.id),
            whole.filter(({ id }) => id < before),
          );
          for (const part of parts.slice(0, -1)) assert.ok(part.length >= atLeast);
        },
      ),
    );
  });
});
