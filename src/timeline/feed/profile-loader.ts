/** Loads the profiles of a page's users in batches, each once. */
import type { UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import { inBatches } from '#platform/batches.ts';
import type { Social, VisibleProfile } from '#social/social.ts';

export interface ProfileLoader {
  /** Adds a user to the next `fetch`. */
  want(userId: UserId): void;
  /** Loads the users who are wanted and not loaded yet. Throws what social throws. */
  fetch(): Promise<void>;
  /** A loaded profile. Undefined: the viewer may not read the user, or there is none. */
  get(userId: UserId): VisibleProfile | undefined;
  /** Whether the viewer may know of a loaded user. */
  sees(userId: UserId): boolean;
  /** Whether any loaded user is hidden from the viewer. */
  someHidden(): boolean;
}

export interface ProfileLoaderDeps {
  social: Pick<Social, 'visibleProfiles'>;
  viewer: UserId | null;
}

export function createProfileLoader({ social, viewer }: ProfileLoaderDeps): ProfileLoader {
  /** Each user's index in `shown`. */
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
