/** A short run of the simulation; `npm run simulate -- --seeds N` runs long. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SHORT, simulate } from './simulation/simulate.ts';

const SEEDS = 12;

describe('a whole system under crashes, full disks, slow workers and rebuilds does what the plain model says', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    test(`seed ${seed}`, async () => {
      const failure = await simulate(seed, SHORT);
      if (failure === undefined) return;
      const steps = failure.steps.map((step) => JSON.stringify(step)).join('\n');
      assert.fail(
        `npm run simulate -- --from ${seed} --seeds 1 repeats it; shrunk to:\n${steps}\n${failure.error}`,
      );
    });
  }
});
