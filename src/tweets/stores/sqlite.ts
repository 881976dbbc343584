import { createCommitChanges } from '#platform/commit-changes.ts';
import { createSqliteHighWater } from '#platform/ids/high-water.ts';
import type { CommitFaults, Database } from '#platform/sqlite/database.ts';
import type { Disk } from '#platform/sqlite/disk.ts';
import { openDatabase } from '#platform/sqlite/open-database.ts';
import { createOutbox, type Outbox } from '#queue/outbox.ts';
import { createSqliteLog } from '#queue/stores/sqlite/log.ts';
import type { OpenedTweetsStore } from '../tweets-store.ts';
import { createChanges } from './sqlite/changes.ts';
import { createReads } from './sqlite/reads.ts';
import { createRows } from './sqlite/rows.ts';
import { TWEETS_MIGRATIONS } from './sqlite/schema.ts';

export interface SqliteTweetsStore extends OpenedTweetsStore {
  db: Database;
  /** Topic `tweets`. */
  outbox: Outbox;
}

/** Opens (and creates, where there is none) the tweets store in the file at `path`. */
export function openSqliteTweetsStore(options: {
  path: string;
  disk?: Disk | undefined;
  faults?: CommitFaults | undefined;
  region?: string | undefined;
}): SqliteTweetsStore {
  const { path, disk, faults, region } = options;
  const db = openDatabase({ path, migrations: TWEETS_MIGRATIONS, durability: 'full', disk, faults });
  const outbox = createOutbox({ db, topics: ['tweets'], ...(region === undefined ? {} : { region }) });
  const rows = createRows(db);
  const { source, changed } = createCommitChanges(db);
  return {
    db,
    outbox,
    log: createSqliteLog(outbox),
    highWater: createSqliteHighWater(db),
    close: db.close,
    changes: source,
    ...createChanges({ db, outbox, rows, touched: changed }),
    ...createReads({ db, rows }),
  };
}
