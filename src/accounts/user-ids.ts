import { WarbleError } from '#domain/errors.ts';
import { MAX_USER_ID, type UserId } from '#domain/ids.ts';
import type { AccountsStore } from './accounts-store.ts';

/** How many ids a process allocates at a time. A stop loses the rest of them, which 2^32 ids allow for. */
const BLOCK = 64;

/** Hands out user ids, each once, from blocks that the store has allocated to this process. */
export function createUserIds(store: Pick<AccountsStore, 'allocateUserIds'>): () => Promise<UserId> {
  let next = 0;
  let end = 0;
  let refill: Promise<void> | undefined;

  async function takeBlock(): Promise<void> {
    const { first } = await store.allocateUserIds({ count: BLOCK });
    if (first + BLOCK - 1 > MAX_USER_ID) {
      throw new WarbleError('unavailable', 'All user ids are taken; nobody else can sign up.');
    }
    next = first;
    end = first + BLOCK;
  }

  return async () => {
    while (next >= end) {
      refill ??= takeBlock().finally(() => {
        refill = undefined;
      });
      await refill;
    }
    return next++;
  };
}
