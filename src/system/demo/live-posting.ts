import type { Logger } from 'pino';
import type { Clock } from '#platform/clock.ts';
import { systemRandom } from '#platform/random.ts';
import type { Serving } from '../serve.ts';
import { tweetText } from './words.ts';

const PAUSE_MS = 1_500;
const KNOWN_USERS = 500;

/** Posts and likes for as long as the process serves, so that there is something to see in streams. */
export function startPosting({
  serving,
  clock,
  logger,
  host,
}: {
  serving: Serving;
  clock: Clock;
  logger: Logger;
  /** The handle of the host, as whom the demo suggests to sign in: their stream must show something too. */
  host: string;
}): void {
  const { services } = serving.system;
  const anyOf = (list: readonly { userId: number }[]) => list[systemRandom.integer(list.length)]?.userId;

  /** Posts a tweet, every other time as a followee of the host, and likes the host's newest tweet. */
  async function action(): Promise<void> {
    const { users } = await services.social.scanUsers({ after: 0, limit: KNOWN_USERS });
    const [{ userId: hostId } = { userId: 0 }] = await services.social.lookup({ handles: [host] });
    const { followees } = await services.social.followeesOf({ follower: hostId });
    const near = systemRandom.integer(2) === 0;
    const author = (near ? anyOf(followees) : undefined) ?? anyOf(users)!;
    const { tweetId } = await services.tweets.post({
      author,
      content: tweetText(systemRandom, null),
      images: [],
      appId: null,
      idempotency: null,
      traceId: 'demo',
    });
    const [hosts] = (await services.tweets.byAuthor({ author: hostId, before: null, limit: 1 })).ids;
    const actor = anyOf(users)!;
    await services.engagement.like({
      actor,
      tweetId: (near ? hosts : undefined) ?? tweetId,
      traceId: 'demo',
    });
  }
  async function run(): Promise<void> {
    while (!serving.stopping()) {
      await action().catch((error: unknown) => logger.warn({ err: error }, 'the demo could not post'));
      await clock.sleep(PAUSE_MS);
    }
  }
  void run();
}
