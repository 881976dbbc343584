import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryCommits, withCommitFaults } from './memory-commits.ts';

test('a change that throws is undone from its end, and nobody is told', async () => {
  const commits = createMemoryCommits();
  const rows: number[] = [];
  const popped: number[] = [];
  let told = 0;
  commits.onCommit(() => told++);
  const add = (row: number) => {
    rows.push(row);
    commits.toUndo(() => popped.push(rows.pop()!));
  };
  await commits.write(() => add(1));
  await assert.rejects(
    commits.write(() => {
      add(2);
      add(3);
      throw new Error('undone');
    }),
    /undone/,
  );
  assert.deepEqual(rows, [1]);
  assert.deepEqual(popped, [3, 2]);
  assert.equal(told, 1);
});

test('a commit is told in its own turn, before its answer', async () => {
  const commits = createMemoryCommits();
  const order: string[] = [];
  commits.onCommit(() => order.push('told'));
  const writing = commits.write(() => order.push('changed')).then(() => order.push('answered'));
  order.push('asked');
  await writing;
  assert.deepEqual(order, ['changed', 'told', 'asked', 'answered']);
});

test('the high-water mark is the latest that any commit was kept with, and never falls', async () => {
  const commits = createMemoryCommits();
  let now = 5;
  commits.highWater.keep(() => now);
  assert.equal(commits.highWater.time_ms, 0);
  await commits.write(() => {});
  now = 3;
  await commits.write(() => {});
  assert.equal(commits.highWater.time_ms, 5);
});

test('a crash before a commit keeps nothing of it, one after it everything', async () => {
  const commits = createMemoryCommits();
  const rows: string[] = [];
  const crash = () => {
    throw new Error('crash');
  };
  for (const moment of ['beforeCommit', 'afterCommit'] as const) {
    const dying = withCommitFaults(commits, { [moment]: crash });
    await assert.rejects(dying.write(() => rows.push(moment)));
  }
  assert.deepEqual(rows, ['afterCommit']);
});
