/**
 * Erases accounts that were removed. Every service erases some at a time and can be asked again, so nothing needs
 * to be remembered of how far it came: after a crash it begins anew and passes quickly over what is done.
 *
 * A request that was let in before the removal may write after a service has said `done`. So all is done twice:
 * at once, and again when no such request can be alive any more; then only the account counts as erased.
 */
import type { UserId } from '#domain/ids.ts';
import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';
import type { Social } from '#social/social.ts';
import type { AccountRow, AccountsStore } from './accounts-store.ts';

/** Erases up to `limit` of what one service has of somebody, and says whether that was all. */
export type ErasureStep = (request: {
  userId: UserId;
  limit: number;
  traceId: string;
}) => Promise<{ done: boolean }>;

export interface ErasureDeps {
  store: Pick<AccountsStore, 'unfinished' | 'erase'>;
  social: Pick<Social, 'setAccount'>;
  /** Of all services, in the order in which they are asked. */
  steps: readonly ErasureStep[];
  clock: Clock;
}

const LIMIT = 200;
const ACCOUNTS = 100;
/** Counts settle within 2 s, also those that a removed account leaves. */
const IDLE_MS = 1_000;
/** Longer than any request may still write; an upload, which may take longer, looks at its account when it has come. */
const LATE_WRITES_MS = 2 * 60_000;
const TRACE_ID = 'erasure';

/** How far this process has come with an account. */
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
