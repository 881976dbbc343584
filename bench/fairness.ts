/**
 * What an anonymous reader notices while one address and one account misbehave, in each of several ways: the 99th
 * percentile of the reader's latencies, against a calm server in the same minute. With the usual limits.
 */
import sharp from 'sharp';
import type { Serving } from '#system/serve.ts';
import { ATTACKS, type Attack, type AttackPlan } from './fairness-attack.ts';
import type { ProbePlan, ProbeResult } from './fairness-probe.ts';
import { percentile, printRow } from './report.ts';
import { runBeside, withServer } from './server.ts';

const PER_SECOND = 50;
/** 50 megapixels, the largest allowed. */
const PICTURE = { width: 10_000, height: 5_000, channels: 3, background: 'teal' } as const;
const TWEETS = 100;
/** How long the attack runs before the reader starts. */
const HEAD_START_MS = 1_000;

/** `seconds`: how long the reader sends requests during each attack; at most 18, as the limit of reads ends it then. */
export async function benchFairness({ seconds }: { seconds: number }): Promise<void> {
  const picture = (await sharp({ create: PICTURE }).png().toBuffer()).toString('base64');
  await withServer(
    async (serving) => {
      const { url } = serving;
      const token = await accountWithTweets(serving);
      /** Another reader each time, with limits of its own. */
      let strangers = 0;
      const probe = async (): Promise<Probed> => {
        const before = process.threadCpuUsage();
        const began = performance.now();
        const result = await runBeside<ProbeResult>('fairness-probe.ts', {
          url,
          address: `127.1.0.${++strangers}`,
          seconds,
          perSecond: PER_SECOND,
        } satisfies ProbePlan);
        const { user, system } = process.threadCpuUsage(before);
        return { ...result, loopUsed: (user + system) / 1_000 / (performance.now() - began) };
      };
      await probe();
      for (const [index, attack] of ATTACKS.entries()) {
        const calm = await probe();
        const attacking = runBeside<{ begun: number }>('fairness-attack.ts', {
          url,
          attack,
          address: `127.2.0.${index + 1}`,
          token,
          seconds: seconds + HEAD_START_MS / 1_000,
          picture,
        } satisfies AttackPlan);
        await new Promise((resolve) => setTimeout(resolve, HEAD_START_MS));
        const found = await probe();
        print(attack, { calm, found, begun: (await attacking).begun });
      }
    },
    { rateLimits: 'on' },
  );
}

/** The account that misbehaves, and what the reader requests. */
async function accountWithTweets({ api, system }: Serving): Promise<string> {
  const name = { handle: 'misbehaving', name: 'Misbehaving' };
  const password = 'a password of the bench';
  const from = { device: 'bench', client: { address: 'bench' } };
  const { userId, token } = await api.accounts.signUp({ ...name, password, ...from });
  for (let i = 0; i < TWEETS; i++) {
    const content = `Tweet ${i} of the bench, of the length that tweets mostly have.`;
    await system.services.tweets.post({
      author: userId,
      content,
      images: [],
      idempotency: null,
      appId: null,
      traceId: 'bench',
    });
  }
  return token;
}

interface Probed extends ProbeResult {
  /**
   * The share of the time that the server's one thread was busy. It does not include what the attackers' processes take
   * of the machine, which the reader notices here too.
   */
  loopUsed: number;
}
interface Measured {
  calm: Probed;
  found: Probed;
  begun: number;
}

function print(attack: Attack, { calm, found, begun }: Measured): void {
  const p99 = ({ answers_ms }: Probed) =>
    percentile(
      answers_ms.toSorted((a, b) => a - b),
      0.99,
    );
  printRow(`fairness: ${attack}`, {
    'p99 ms, calm': p99(calm),
    attacked: p99(found),
    ratio: p99(found) / p99(calm),
    'loop at work %, calm': 100 * calm.loopUsed,
    'loop attacked': 100 * found.loopUsed,
    failed: found.failed,
    connections: begun,
  });
}
