import { LRUCache } from 'lru-cache';
import type { UserId } from '#domain/ids.ts';
import type { AccountsStore, SessionRow } from '../accounts-store.ts';

const SESSIONS = 100_000;

/**
 * Keeps sessions in memory, so that a token costs a look-up and no query. Only for a process that is the store's
 * sole owner: it learns of an ended session by its own writes alone.
 *
 * A read under way while a session ends could put it back afterwards. So every write that may end one counts up
 * `endings` before and after, takes the sessions out when it is done, and a read that saw the count change keeps
 * nothing.
 */
export function cacheSessions(store: AccountsStore): AccountsStore {
  const byPerson = new Map<UserId, Set<string>>();
  const byToken = new LRUCache<string, SessionRow>({
    max: SESSIONS,
    noDisposeOnSet: true,
    dispose: ({ userId, tokenHash }) => {
      const tokens = byPerson.get(userId);
      tokens?.delete(tokenHash);
      if (tokens?.size === 0) byPerson.delete(userId);
    },
  });
  let endings = 0;

  function keep(row: SessionRow): void {
    byToken.set(row.tokenHash, row);
    const tokens = byPerson.get(row.userId);
    if (tokens === undefined) byPerson.set(row.userId, new Set([row.tokenHash]));
    else tokens.add(row.tokenHash);
  }
  async function ending<T>(userId: UserId, write: () => Promise<T>): Promise<T> {
    endings += 1;
    try {
      return await write();
    } finally {
      endings += 1;
      for (const token of [...(byPerson.get(userId) ?? [])]) byToken.delete(token);
    }
  }

  return {
    ...store,
    async sessionByToken(request) {
      const known = byToken.get(request.tokenHash);
      if (known !== undefined) return known;
      const before = endings;
      const row = await store.sessionByToken(request);
      if (row !== undefined && before === endings) keep(row);
      return row;
    },
    // A new session may end the oldest one.
    openSession: (request) => ending(request.session.userId, () => store.openSession(request)),
    changePassword: (request) => ending(request.userId, () => store.changePassword(request)),
    setState: (request) => ending(request.userId, () => store.setState(request)),
    resetPassword: (request) => ending(request.userId, () => store.resetPassword(request)),
    endSessions: (request) => ending(request.userId, () => store.endSessions(request)),
    endSession: (request) => ending(request.userId, () => store.endSession(request)),
    async touch(request) {
      await store.touch(request);
      for (const { tokenHash, lastUsed } of request.sessions) {
        const row = byToken.peek(tokenHash);
        if (row !== undefined && row.lastUsed < lastUsed) byToken.set(tokenHash, { ...row, lastUsed });
      }
    },
  };
}
