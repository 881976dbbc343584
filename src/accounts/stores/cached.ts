import { createCoherentCache } from '#platform/coherent-cache.ts';
import type { AccountsStore, SessionRow } from '../accounts-store.ts';

/** Some 300 bytes each. */
const MAX_SESSIONS = 100_000;

/** Keeps sessions in memory, so that a token costs a lookup and no query. */
export function createCachedAccountsStore({ store }: { store: AccountsStore }): AccountsStore {
  const sessions = createCoherentCache<string, SessionRow>({
    changes: [store.changes],
    max: MAX_SESSIONS,
    weigh: () => 1,
    madeOf: ({ userId }) => [userId],
  });
  return {
    ...store,
    async sessionByToken({ tokenHash }) {
      return (
        sessions.get(tokenHash) ??
        sessions.fill(async (keep) => {
          const row = await store.sessionByToken({ tokenHash });
          if (row !== undefined) keep(tokenHash, row);
          return row;
        })
      );
    },
  };
}
