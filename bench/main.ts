/**
 * `npm run bench [-- --people N --follows N --tweets N --rate N --likes N --only deliveries|http|mix|reads|fairness]`:
 * runs the benchmarks.
 */
import { parseArgs } from 'node:util';
import { benchDeliveries } from './deliveries.ts';
import { benchFairness } from './fairness.ts';
import { benchHttp } from './http.ts';
import { benchMix } from './mix.ts';
import { printMachine } from './report.ts';
import { benchWorstReader } from './worst-reader.ts';

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '200000' },
    follows: { type: 'string', default: '10000000' },
    tweets: { type: 'string', default: '20000' },
    likes: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '8' },
    rate: { type: 'string', default: '1500' },
    only: { type: 'string' },
  },
});
/** A 99.9th percentile takes longer to measure than a mean. */
const MIX_ROUNDS = 3;
printMachine();
const wanted = (name: string) => values.only === undefined || values.only === name;
if (wanted('deliveries')) {
  await benchDeliveries({
    users: Number(values.people),
    follows: Number(values.follows),
    tweets: Number(values.tweets),
  });
}
if (wanted('http')) await benchHttp({ seconds: Number(values.seconds) });
if (wanted('mix'))
  await benchMix({ seconds: MIX_ROUNDS * Number(values.seconds), perSecond: Number(values.rate) });
if (wanted('reads')) await benchWorstReader({ likes: Number(values.likes) });
if (wanted('fairness')) await benchFairness({ seconds: Math.min(18, Number(values.seconds)) });
