import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '#platform/clock.ts';
import { createRefusalPacing } from './refusal-pacing.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** The pacing, and the turns of one address after those that are at once. */
function flooded(address = '10.0.0.1') {
  const clock = createManualClock(0);
  const pacing = createRefusalPacing({ clock, keys: 10 });
  for (let i = 0; i < 20; i++) assert.equal(pacing.turnOf(address), 'now');
  const gone: number[] = [];
  return {
    clock,
    pacing,
    gone,
    /** Takes a turn that has to wait; notes in `gone` when it came. */
    wait() {
      const turn = pacing.turnOf(address);
      assert.ok(turn instanceof Promise);
      void turn.then(() => gone.push(clock.monotonic()));
    },
    async until(time_ms: number) {
      while (clock.monotonic() < time_ms) {
        clock.advance(1);
        await settle();
      }
    },
  };
}

test('an address is refused twenty times at once, then after 250 ms and one by one', async () => {
  const { pacing, gone, wait, until } = flooded();
  for (let i = 0; i < 4; i++) wait();
  assert.equal(pacing.turnOf('10.0.0.2'), 'now', 'others have turns of their own');
  await until(249);
  assert.deepEqual(gone, []);
  await until(300);
  assert.deepEqual(gone, [250, 254, 258, 262]);
  wait();
  await until(600);
  assert.equal(gone.at(-1), 550);
});

test('after a pause, a client is refused at once again', async () => {
  const { clock, pacing } = flooded();
  clock.advance(16_000);
  assert.equal(pacing.turnOf('10.0.0.1'), 'now');
});

test('256 of an address wait, and four times as many of a /48; one more hangs up', async () => {
  const { clock, pacing, gone, wait } = flooded();
  for (let i = 0; i < 256; i++) wait();
  assert.equal(pacing.turnOf('10.0.0.1'), 'hang up');
  clock.advance(250);
  await settle();
  assert.equal(gone.length, 1);
  wait();
  assert.equal(pacing.turnOf('10.0.0.1'), 'hang up');

  const ofNetwork = (i: number) => pacing.turnOf(`2001:db8:1:${i % 8}::/64`);
  const turns = Array.from({ length: 80 + 1_024 }, (_, i) => ofNetwork(i));
  assert.equal(turns.filter((turn) => turn === 'now').length, 80);
  assert.equal(turns.filter((turn) => turn === 'hang up').length, 0);
  assert.equal(ofNetwork(0), 'hang up');
});

test('4,096 wait in all', () => {
  const pacing = createRefusalPacing({ clock: createManualClock(0), keys: 100 });
  const turns = (address: string) => Array.from({ length: 276 }, () => pacing.turnOf(address));
  for (let i = 0; i < 16; i++) assert.ok(!turns(`10.0.0.${i}`).includes('hang up'));
  assert.equal(turns('10.0.1.1').filter((turn) => turn === 'hang up').length, 256);
});
