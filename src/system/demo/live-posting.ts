import type { Logger } from 'pino';
import type { Clock } from '#platform/clock.ts';
import { systemRandom } from '#platform/random.ts';
import type { Serving } from '../serve.ts';
import { tweetText } from './words.ts';

const PAUSE_MS = 1_500;
const KNOWN_PEOPLE = 500;

/** Goes on posting and liking for as long as the process serves, so that streams move. */
export function startPosting({
  serving,
  clock,
  logger,
}: {
  serving: Serving;
  clock: Clock;
  logger: Logger;
}): void {
  const { services } = serving.system;
  async function act(): Promise<void> {
    const { people } = await services.social.scanPeople({ after: 0, limit: KNOWN_PEOPLE });
    const author = people[systemRandom.integer(people.length)]!.userId;
    const { tweetId } = await services.tweets.post({
      author,
      content: tweetText(systemRandom, null),
      images: [],
      mentioned: {},
      appId: null,
      idempotency: null,
      traceId: 'demo',
    });
    const actor = people[systemRandom.integer(people.length)]!.userId;
    await services.engagement.like({ actor, tweetId, traceId: 'demo' });
  }
  async function run(): Promise<void> {
    while (!serving.stopping()) {
      await act().catch((error: unknown) => logger.warn({ err: error }, 'the demo could not post'));
      await clock.sleep(PAUSE_MS);
    }
  }
  void run();
}
