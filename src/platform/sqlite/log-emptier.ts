import type { Worker } from '../worker.ts';
import type { Database } from './database.ts';

/** A log that a reader holds is tried again so soon; what was erased must be gone from every file within a minute. */
const IDLE_MS = 15_000;

/**
 * Empties the logs of databases in which something was erased: until then they still hold it, though the databases
 * themselves no longer do.
 */
export function createLogEmptier(databases: readonly Database[]): Worker {
  return {
    name: 'log-emptier',
    idle_ms: IDLE_MS,
    async step() {
      for (const db of databases) await db.emptyLog();
      return false;
    },
  };
}
