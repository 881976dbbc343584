import type { Worker } from '#platform/worker.ts';
import type { CandidateSource } from './candidates.ts';
import type { Notification, NotificationRecords } from './notifications-store.ts';
import type { Preferences } from './preferences.ts';

export interface BellWorkerDeps {
  store: Pick<NotificationRecords, 'bellJobs' | 'advanceBellJob'>;
  candidateSource: Pick<CandidateSource, 'fromBell'>;
  preferences: Preferences;
  /** Called with what was added, after its commit. */
  onAdded: (notifications: readonly Notification[]) => Promise<void>;
}

const IDLE_MS = 250;

/**
 * Notifies the many bell subscribers of an author, one page at a time: each step handles one page of the oldest job. A
 * page and the job's cursor are one commit, so a crash repeats at most a page that was never committed.
 */
export function createBellWorker({ store, candidateSource, preferences, onAdded }: BellWorkerDeps): Worker {
  return {
    name: 'notifications:bells',
    idle_ms: IDLE_MS,
    async step() {
      const [job, another] = await store.bellJobs({ limit: 2 });
      if (job === undefined) return false;
      const { candidates, next } = await candidateSource.fromBell(job);
      const wanted = await preferences.wanted(candidates.flat());
      const notifications = candidates.flatMap(
        (alternatives) => alternatives.find((notification) => wanted.has(notification)) ?? [],
      );
      const moved = await store.advanceBellJob({ job, notifications, next });
      if (moved) await onAdded(notifications);
      return next !== null || another !== undefined || !moved;
    },
  };
}
