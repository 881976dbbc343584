import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import { createLane } from './lane.ts';

describe('a lane', () => {
  test('runs one piece of work at a time, in turns, and lets others go between slices', async () => {
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
        lane.run(name.charCodeAt(0), async (pause) => {
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
    const failed = lane.run(1, async () => {
      throw new Error('no');
    });
    const done = lane.run(2, async () => 7);
    await assert.rejects(failed, /no/);
    assert.equal(await done, 7);
  });

  test('lets users take turns, so that none waits for all the work of another', async () => {
    const lane = createLane();
    const ran: string[] = [];
    const work = (name: string) => async (pause: () => Promise<void>) => {
      await pause();
      ran.push(name);
    };
    const bring = (userId: number, name: string) => lane.run(userId, work(name));
    const flood = ['1a', '1b', '1c', '1d'].map((name) => bring(1, name));
    await Promise.all([...flood, bring(2, '2a'), bring(2, '2b'), bring(3, '3a')]);
    assert.deepEqual(ran, ['1a', '2a', '3a', '1b', '2b', '1c', '1d']);
  });

  test('refuses beyond its bounds, of one user and of all', async () => {
    const lane = createLane({ waiting: 3, waitingOfUser: 2 });
    const kept = [lane.run(1, async () => 1), lane.run(1, async () => 2)];
    await assert.rejects(
      lane.run(1, async () => 3),
      (error) => isWarbleError(error, 'rate_limited'),
    );
    kept.push(lane.run(2, async () => 3));
    await assert.rejects(
      lane.run(2, async () => 4),
      (error) => isWarbleError(error, 'overloaded'),
    );
    assert.deepEqual(await Promise.all(kept), [1, 2, 3]);
  });
});
