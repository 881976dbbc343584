/**
 * Tells the social service the state and the handle of an account after the store has changed them. The store records
 * in the same step that this is outstanding, and a worker does what a crash or an outage left undone.
 */
import type { UserId } from '#domain/ids.ts';
import type { Worker } from '#platform/worker.ts';
import type { Social } from '#social/social.ts';
import type { AccountsStore } from './accounts-store.ts';

export interface AnnouncerDeps {
  store: Pick<AccountsStore, 'byId' | 'unannounced' | 'announced'>;
  social: Pick<Social, 'setAccount'>;
}

export interface Announcer {
  /** Resolves when the social service knows. Throws what the social service throws; the worker then tries again. */
  announce(userId: UserId): Promise<void>;
  worker: Worker;
}

const PER_STEP = 100;
const IDLE_MS = 1_000;

export function createAnnouncer({ store, social }: AnnouncerDeps): Announcer {
  /**
   * One at a time, each with the state that the store has at that moment, so that an older state cannot follow a newer
   * one.
   */
  let last: Promise<void> = Promise.resolve();

  async function tell(userId: UserId): Promise<void> {
    const account = await store.byId({ userId });
    if (account === undefined || account.state === 'pending') return;
    const { state, handle } = account;
    await social.setAccount({ userId, state, handle });
    await store.announced({ userId, state, handle });
  }

  function announce(userId: UserId): Promise<void> {
    const telling = last.then(() => tell(userId));
    last = telling.catch(() => {});
    return telling;
  }

  return {
    announce,
    worker: {
      name: 'account-changes',
      idle_ms: IDLE_MS,
      async step() {
        const userIds = await store.unannounced({ after: 0, limit: PER_STEP });
        for (const userId of userIds) await announce(userId);
        return userIds.length === PER_STEP;
      },
    },
  };
}
