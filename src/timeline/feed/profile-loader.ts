/** The users of a page: each is asked for once. */
import type { UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import { inBatches } from '#platform/batches.ts';
import type { Social, VisibleProfile } from '#social/social.ts';

export interface ProfileLoader {
  /** Somebody of whom the page needs to know. */
  want(userId: UserId): void;
  /** Asks for all who are wanted and not known yet. Throws what social throws. */
  fetch(): Promise<void>;
  /** Undefined: the viewer may not read them, or they never were. */
  get(userId: UserId): VisibleProfile | undefined;
  /** Whether the viewer may know of somebody who was asked for. */
  sees(userId: UserId): boolean;
  /** Somebody who was asked for is hidden from the viewer. */
  someHidden(): boolean;
}

export interface ProfileLoaderDeps {
  social: Pick<Social, 'visibleProfiles'>;
  viewer: UserId | null;
}

export function createProfileLoader({ social, viewer }: ProfileLoaderDeps): ProfileLoader {
  /** By number: a user's index in `shown`. */
  const indexes = new Map<UserId, number>();
  const shown: (VisibleProfile | null)[] = [];
  let wanted: UserId[] = [];
  let someHidden = false;

  function known(userId: UserId): VisibleProfile | undefined {
    const index = indexes.get(userId);
    return index === undefined ? undefined : (shown[index] ?? undefined);
  }

  return {
    want(userId) {
      if (indexes.has(userId)) return;
      indexes.set(userId, indexes.size);
      wanted.push(userId);
    },
    async fetch() {
      if (wanted.length === 0) return;
      const userIds = wanted;
      wanted = [];
      for (const user of await inBatches(userIds, LIMITS.batch, (batch) =>
        social.visibleProfiles({ viewer, userIds: batch }),
      )) {
        shown.push(user);
        someHidden ||= user?.readable !== true;
      }
    },
    get(userId) {
      const user = known(userId);
      return user?.readable ? user : undefined;
    },
    sees: (userId) => known(userId) !== undefined,
    someHidden: () => someHidden,
  };
}
