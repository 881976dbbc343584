/**
 * Erases removed accounts. Every service erases some data at a time and can be asked again, so progress need not be
 * stored: after a crash the erasure starts over, and passes quickly over what is already erased.
 *
 * A request that was admitted before the removal may write after a service has said `done`. So everything is done
 * twice: at once, and again when no such request can still be running. Only then is the account erased.
 */
import type { UserId } from '#domain/ids.ts';
import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';
import type { Social } from '#social/social.ts';
import type { AccountRow } from './account-row.ts';
import type { AccountsStore } from './accounts-store.ts';

/** Erases up to `limit` items that one service has of a user, and says whether that was all. */
export type ErasureStep = (request: {
  userId: UserId;
  limit: number;
  traceId: string;
}) => Promise<{ done: boolean }>;

export interface ErasureDeps {
  store: Pick<AccountsStore, 'unfinished' | 'erase'>;
  social: Pick<Social, 'setAccount'>;
  /** One of each service, in the order in which they run. */
  steps: readonly ErasureStep[];
  clock: Clock;
}

const LIMIT = 200;
const ACCOUNTS = 100;
/** How soon an erasure begins, so that the counts it changes settle within 2 s. */
const IDLE_MS = 1_000;
/** Longer than any request may run. An upload, which may take longer, checks its account when it is complete. */
const LATE_WRITES_MS = 2 * 60_000;
const TRACE_ID = 'erasure';

/** This process's progress with an account. */
interface Progress {
  steps: number;
  firstPassDone: boolean;
}

export function createErasure(deps: ErasureDeps): Worker {
  const { store, social, clock } = deps;
  const steps = [hide, ...deps.steps];
  const progress = new Map<UserId, Progress>();

  async function hide({ userId }: { userId: UserId }) {
    await social.setAccount({ userId, state: 'erasing' });
    return { done: true };
  }

  async function advance({ userId, since }: AccountRow): Promise<'more' | 'waiting' | 'erased'> {
    const known = progress.get(userId) ?? { steps: 0, firstPassDone: false };
    progress.set(userId, known);
    const late = clock.now() - since >= LATE_WRITES_MS;
    if (known.firstPassDone && !late) return 'waiting';
    if ((await steps[known.steps]!({ userId, limit: LIMIT, traceId: TRACE_ID })).done) known.steps += 1;
    if (known.steps < steps.length) return 'more';
    known.steps = 0;
    if (!known.firstPassDone) {
      known.firstPassDone = true;
      return late ? 'more' : 'waiting';
    }
    await social.setAccount({ userId, state: 'erased' });
    await store.erase({ userId, time: clock.now() });
    progress.delete(userId);
    return 'erased';
  }

  return {
    name: 'erasure',
    idle_ms: IDLE_MS,
    async step() {
      let after = 0;
      for (;;) {
        const before = clock.now() + 1;
        const accounts = await store.unfinished({ state: 'erasing', before, after, limit: ACCOUNTS });
        for (const account of accounts) if ((await advance(account)) !== 'waiting') return true;
        if (accounts.length < ACCOUNTS) return false;
        after = accounts.at(-1)!.userId;
      }
    },
  };
}
