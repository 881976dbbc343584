/** The services from which lists of tweets are made, on stores in memory, for tests of lists. */
import { isWarbleError } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import type { AccountState } from '#domain/names.ts';
import type { Engagement } from '#engagement/engagement.ts';
import { createManualClock, type ManualClock } from '#platform/clock.ts';
import { createMinter, type Minter } from '#platform/ids/minter.ts';
import { createSteadyClock } from '#platform/steady-clock.ts';
import { createServices } from '#test/support/services.ts';
import { createWatch } from '#test/support/watch.ts';
import type { Tweets } from '#tweets/tweets.ts';

export type World = ReturnType<typeof createWorld>;

/** Calls by lists are watched, and answered in another order where the interfaces promise none; calls by users are not. */
export function createWorld(clock: ManualClock) {
  const minterAt = (at: ManualClock) => createMinter({ clock: createSteadyClock(at) });
  const current = minterAt(clock);
  let minter = current;
  const mint: Minter['mint'] = (what) => minter.mint(what);
  const services = createServices({ clock, minter: { ...current, mint } });
  const { stores, tweets, social, engagement } = services;
  const shuffled: { tweets: Tweets; engagement: Engagement } = {
    tweets: { ...tweets, get: async (request) => (await tweets.get(request)).toReversed() },
    engagement: {
      ...engagement,
      summaries: async (request) => (await engagement.summaries(request)).toReversed(),
    },
  };
  const watch = createWatch();
  return {
    ...services,
    ...watch,
    tweets: watch.over('tweets', shuffled.tweets),
    social: watch.over('social', social),
    engagement: watch.over('engagement', shuffled.engagement),
    /** The changes to everything that tweet views are made of. */
    changes: [stores.tweets.changes, stores.engagement.changes, stores.social.changes.profiles] as const,
    /** Posts a tweet with an id minted `age_ms` ago. */
    async postEarlier(author: UserId, age_ms: number) {
      minter = minterAt(createManualClock(clock.now() - age_ms));
      const tweetId = await services.post(author);
      minter = current;
      return tweetId;
    },
    async setState(userId: UserId, state: AccountState) {
      await social.setAccount({ userId, state });
    },
  };
}

/** For random acts: ignores that a user may not do something. Rejects with any other error. */
export async function unlessRefused(act: Promise<unknown>): Promise<void> {
  await act.catch((error: unknown) => {
    if (!isWarbleError(error, 'not_found') && !isWarbleError(error, 'forbidden')) throw error;
  });
}
