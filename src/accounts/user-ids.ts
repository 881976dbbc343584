import { WarbleError } from '#domain/errors.ts';
import { MAX_USER_ID, type UserId } from '#domain/ids.ts';
import type { AccountsStore } from './accounts-store.ts';

/** Ids that one process takes at a time; a stop loses what is left of them, and 2^32 bear that. */
const BLOCK = 64;

/** Hands out user ids, never one twice, from blocks that the store has set aside for this process. */
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
