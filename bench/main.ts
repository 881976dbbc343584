/** `npm run bench [-- --people N --follows N --tweets N --only deliveries|http]`: a first honest measurement. */
import { parseArgs } from 'node:util';
import { benchDeliveries } from './deliveries.ts';
import { benchHttp } from './http.ts';
import { printMachine } from './report.ts';

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '200000' },
    follows: { type: 'string', default: '10000000' },
    tweets: { type: 'string', default: '20000' },
    seconds: { type: 'string', default: '8' },
    only: { type: 'string' },
  },
});
printMachine();
if (values.only !== 'http') {
  await benchDeliveries({
    people: Number(values.people),
    follows: Number(values.follows),
    tweets: Number(values.tweets),
  });
}
if (values.only !== 'deliveries') await benchHttp({ seconds: Number(values.seconds) });
