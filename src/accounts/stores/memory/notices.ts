import type { UserId } from '#domain/ids.ts';
import type { AccountNotice } from '../../accounts.ts';
import { type AccountsStore, MAX_KNOWN_DEVICES, MAX_NOTICES, type NewSession } from '../../accounts-store.ts';
import { deviceKey } from '../../device-key.ts';

/** Parts of other steps. All but `notices` must be called inside a write. */
export interface MemoryNotices extends Pick<AccountsStore, 'notices'> {
  add(notice: AccountNotice & { userId: UserId }): void;
  /** Records the device of a session that has just been added, with a notice if it is new. */
  signedIn(session: NewSession): void;
  /** Deletes the notices and devices of a user. */
  erase(userId: UserId): void;
}

export function createMemoryNotices(): MemoryNotices {
  /** The newest first. */
  const notices = new Map<UserId, AccountNotice[]>();
  /** By user and device: its last session. */
  const devices = new Map<UserId, Map<string, number>>();

  function add({ userId, id, type }: AccountNotice & { userId: UserId }): void {
    const all = [...(notices.get(userId) ?? []), { id, type }].sort((a, b) => b.id - a.id);
    notices.set(userId, all.slice(0, MAX_NOTICES));
  }

  return {
    notices: async ({ userId, after }) =>
      (notices.get(userId) ?? []).filter(({ id }) => id > after).map((notice) => ({ ...notice })),
    add,
    signedIn({ userId, sessionId, device }) {
      const known = devices.get(userId) ?? new Map<string, number>();
      const key = deviceKey(device);
      const isNew = known.size > 0 && !known.has(key);
      known.set(key, sessionId);
      const newest = [...known].sort(([, a], [, b]) => b - a).slice(0, MAX_KNOWN_DEVICES);
      devices.set(userId, new Map(newest));
      if (isNew) add({ userId, id: sessionId, type: 'signIn' });
    },
    erase(userId) {
      notices.delete(userId);
      devices.delete(userId);
    },
  };
}
