import type { TweetId } from '#domain/ids.ts';
import { type CommitFaults, type Database, openDatabase } from '#platform/sqlite/database.ts';
import type { Disk } from '#platform/sqlite/disk.ts';
import { createOutbox, type Outbox } from '#queue/outbox.ts';
import type { EngagementStore } from '../engagement-store.ts';
import { createComments } from './sqlite/comments.ts';
import { createLedger } from './sqlite/counters.ts';
import { createActs } from './sqlite/engagements.ts';
import { createReads } from './sqlite/reads.ts';
import { createReposts } from './sqlite/reposts.ts';
import { ENGAGEMENT_MIGRATIONS } from './sqlite/schema.ts';
import { createUpkeep } from './sqlite/upkeep.ts';

export interface SqliteEngagementStore extends EngagementStore {
  db: Database;
  /** Topics `engagement` and `reposts`. */
  outbox: Outbox;
  /**
   * Calls `listener` with the tweets that a commit of this handle changed (or might have), in the very turn of that
   * commit: before its answers, and before anybody can read its events.
   */
  onChange(listener: (tweetIds: Iterable<TweetId>) => void): void;
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
  const changed = new Set<TweetId>();
  const listeners: ((tweetIds: Iterable<TweetId>) => void)[] = [];
  db.onCommit(() => {
    if (changed.size === 0) return;
    for (const listener of listeners) listener(changed);
    changed.clear();
  });
  const ledger = createLedger({ db, outbox, touched: (tweetId) => changed.add(tweetId) });
  return {
    db,
    outbox,
    onChange: (listener) => void listeners.push(listener),
    ...createActs({ db, ledger }),
    ...createComments({ db, ledger }),
    ...createReads({ db }),
    ...createReposts({ db }),
    ...createUpkeep({ db, ledger }),
  };
}
