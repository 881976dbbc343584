import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import { createLane } from './lane.ts';

describe('a lane', () => {
  test('runs one piece of work at a time, in the order of arrival, and lets others go between slices', async () => {
    const lane = createLane();
    const slices: string[] = [];
    let othersWent = 0;
    const count = () => {
      othersWent++;
      if (slices.length < 6) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        lane.run(async (pause) => {
          slices.push(`${name}1`);
          await pause();
          slices.push(`${name}2`);
        }),
      ),
    );
    assert.deepEqual(slices, ['a1', 'a2', 'b1', 'b2', 'c1', 'c2']);
    assert.ok(othersWent >= 6, `others went ${othersWent} times`);
  });

  test('hands on what work resolves to or throws, and goes on after either', async () => {
    const lane = createLane();
    const failed = lane.run(async () => {
      throw new Error('no');
    });
    const done = lane.run(async () => 7);
    await assert.rejects(failed, /no/);
    assert.equal(await done, 7);
  });

  test('refuses beyond its bound', async () => {
    const lane = createLane({ waiting: 1 });
    const kept = [lane.run(async () => 1), lane.run(async () => 2)];
    await assert.rejects(
      lane.run(async () => 3),
      (error) => isWarbleError(error, 'overloaded'),
    );
    assert.deepEqual(await Promise.all(kept), [1, 2]);
  });
});
