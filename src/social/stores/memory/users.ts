import type { UserId } from '#domain/ids.ts';
import { type Counts, NO_COUNTS, type StoredUser, type User } from '../../social-store.ts';

interface FormerHandle {
  handle: string;
  until: number;
}

export interface Users {
  get(userId: UserId): StoredUser | null;
  /** In userId order. */
  all(): StoredUser[];
  byHandle(handle: string): StoredUser[];
  /** Newest first. */
  formerHandles(userId: UserId): FormerHandle[];
  /** `time`: when a handle that they no longer have ended. Counts stay. */
  save(user: User, time: number): void;
  /** Passes over users who never were. */
  addCounts(userId: UserId, by: Partial<Counts>): void;
}

/** The users of a backend. A record is never changed, but another takes its place. */
export function createUsers(): Users {
  const users = new Map<UserId, StoredUser>();
  const former = new Map<UserId, FormerHandle[]>();
  const all = () => [...users.values()].sort((a, b) => a.userId - b.userId);
  return {
    get: (userId) => users.get(userId) ?? null,
    all,
    byHandle(handle) {
      const wanted = handle.toLowerCase();
      return all().filter((user) => user.handle.toLowerCase() === wanted);
    },
    formerHandles: (userId) =>
      (former.get(userId) ?? []).toSorted((a, b) => b.until - a.until || (a.handle < b.handle ? -1 : 1)),
    save(user, time) {
      const before = users.get(user.userId);
      if (before !== undefined && before.handle !== user.handle) {
        const { handle } = before;
        const list = (former.get(user.userId) ?? []).filter(
          (each) => each.handle !== handle || each.until !== time,
        );
        former.set(user.userId, [...list, { handle, until: time }]);
      }
      users.set(user.userId, { ...user, counts: before?.counts ?? NO_COUNTS });
    },
    addCounts(userId, by) {
      const user = users.get(userId);
      if (user === undefined) return;
      const counts = { ...user.counts };
      for (const [name, n] of Object.entries(by)) counts[name as keyof Counts] += n;
      users.set(userId, { ...user, counts });
    },
  };
}
