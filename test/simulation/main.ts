/** `npm run simulate -- --seeds N [--from S] [--steps K] [--people P] [--minutes M]`: prints each failing seed, shrunk. */
import { parseArgs } from 'node:util';
import { type Failure, LONG, simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    steps: { type: 'string', default: String(LONG.steps) },
    people: { type: 'string', default: String(LONG.users) },
    minutes: { type: 'string', default: '1000000' },
  },
});
const size = { users: Number(values.people), steps: Number(values.steps) };
const started = Date.now();
const failures: Failure[] = [];
let passed = 0;

for (let seed = Number(values.from); seed < Number(values.from) + Number(values.seeds); seed++) {
  if (Date.now() - started > Number(values.minutes) * 60_000) break;
  const failure = await simulate(seed, size);
  if (failure === undefined) passed++;
  else {
    failures.push(failure);
    console.log(`seed ${seed} fails: ${(failure.error as Error).message}`);
    for (const step of failure.steps) console.log(`  ${JSON.stringify(step)}`);
    console.log((failure.error as Error).stack);
  }
  if ((passed + failures.length) % 50 === 0) report();
}
report();
process.exitCode = failures.length > 0 ? 1 : 0;

function report(): void {
  const minutes = ((Date.now() - started) / 60_000).toFixed(1);
  console.log(`${passed} seeds passed, ${failures.length} failed, ${minutes} min`);
}
