import type { UserId } from '#domain/ids.ts';
import type { HiddenPeriod } from '../../social.ts';
import { MAX_HIDDEN_PERIODS } from '../../social-store.ts';

export interface HiddenPeriods {
  /** Of two of a viewer that ended in one millisecond, the first is kept. */
  add(period: HiddenPeriod & { viewer: UserId }): void;
  of(viewer: UserId): HiddenPeriod[];
  /** At most `limit` of a user's, or about them; how many went. */
  forget(userId: UserId, limit: number): number;
}

/** Ended mutes and blocks of a backend. */
export function createHiddenPeriods(): HiddenPeriods {
  const byViewer = new Map<UserId, HiddenPeriod[]>();
  const of = (viewer: UserId) => byViewer.get(viewer) ?? [];
  return {
    add({ viewer, ...period }) {
      if (of(viewer).some(({ until }) => until === period.until)) return;
      const newestFirst = [...of(viewer), period].sort((a, b) => b.until - a.until);
      byViewer.set(viewer, newestFirst.slice(0, MAX_HIDDEN_PERIODS));
    },
    of: (viewer) => of(viewer).map((period) => ({ ...period })),
    forget(userId, limit) {
      const all = [...byViewer].flatMap(([viewer, periods]) => periods.map((period) => ({ viewer, period })));
      const gone = all
        .filter(({ viewer, period }) => viewer === userId || period.userId === userId)
        .slice(0, limit);
      for (const { viewer, period } of gone) {
        byViewer.set(
          viewer,
          of(viewer).filter((each) => each !== period),
        );
      }
      return gone.length;
    },
  };
}
