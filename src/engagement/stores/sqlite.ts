import { createCommitChanges } from '#platform/commit-changes.ts';
import { createSqliteHighWater } from '#platform/ids/high-water.ts';
import type { CommitFaults, Database } from '#platform/sqlite/database.ts';
import type { Disk } from '#platform/sqlite/disk.ts';
import { openDatabase } from '#platform/sqlite/open-database.ts';
import { createOutbox, type Outbox } from '#queue/outbox.ts';
import { createSqliteLog } from '#queue/stores/sqlite/log.ts';
import type { OpenedEngagementStore } from '../engagement-store.ts';
import { createComments } from './sqlite/comments.ts';
import { createCounters } from './sqlite/counters.ts';
import { createLikesAndReposts } from './sqlite/engagements.ts';
import { createReads } from './sqlite/reads.ts';
import { createReposts } from './sqlite/reposts.ts';
import { ENGAGEMENT_MIGRATIONS } from './sqlite/schema.ts';
import { createUpkeep } from './sqlite/upkeep.ts';

export interface SqliteEngagementStore extends OpenedEngagementStore {
  db: Database;
  /** Topics `engagement` and `reposts`. */
  outbox: Outbox;
}

export interface SqliteEngagementOptions {
  path: string;
  disk?: Disk | undefined;
  faults?: CommitFaults | undefined;
  region?: string | undefined;
}

/** Opens (and creates, where there is none) the engagement store in the file at `path`. */
export function openSqliteEngagementStore({
  path,
  disk,
  faults,
  region,
}: SqliteEngagementOptions): SqliteEngagementStore {
  const db = openDatabase({ path, migrations: ENGAGEMENT_MIGRATIONS, durability: 'full', disk, faults });
  const outbox = createOutbox({
    db,
    topics: ['engagement', 'reposts'],
    ...(region === undefined ? {} : { region }),
  });
  const { source, changed } = createCommitChanges(db);
  const counters = createCounters({ db, outbox, changed });
  return {
    db,
    outbox,
    log: createSqliteLog(outbox),
    highWater: createSqliteHighWater(db),
    close: db.close,
    changes: source,
    ...createLikesAndReposts({ db, counters }),
    ...createComments({ db, counters }),
    ...createReads({ db }),
    ...createReposts({ db }),
    ...createUpkeep({ db, counters, changed }),
  };
}
