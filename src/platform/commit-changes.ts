import { type ChangeSource, createChangeTeller } from './change-source.ts';
import type { Database } from './sqlite/database.ts';
import type { DerivedDatabase } from './sqlite/derived-database.ts';

export interface CommitChanges {
  source: ChangeSource;
  /** To be called inside the write that changes it. */
  changed(id: number): void;
  /** To be called inside a write after which anything may read otherwise. */
  everythingChanged(): void;
}

/** `onReplaced` where an empty file may take the place of a damaged one. */
type TellingCommits = Pick<Database, 'soleOwner' | 'onCommit'> & Partial<Pick<DerivedDatabase, 'onReplaced'>>;

/**
 * Ids that are noted between two commits; a group of 256 writes changes far fewer. While a full disk undoes every write
 * there is no commit, and each write brings new ids.
 */
const MAX_NOTED = 10_000;

/**
 * Tells what commits changed. On SQLite that is when the group of writes is durable: the database lets readers see it
 * and calls its listeners in one turn. What a write that was undone leaves is told with the next commit; whoever keeps
 * something then reads it again for nothing.
 */
export function createCommitChanges(commits: TellingCommits): CommitChanges {
  const teller = createChangeTeller(commits);
  const changed = new Set<number>();
  let hasEverythingChanged = false;

  commits.onCommit(() => {
    if (hasEverythingChanged) teller.tell('everything');
    else if (changed.size > 0) teller.tell(changed);
    changed.clear();
    hasEverythingChanged = false;
  });
  commits.onReplaced?.(() => teller.tell('everything'));
  return {
    source: teller,
    changed(id) {
      if (changed.size >= MAX_NOTED) hasEverythingChanged = true;
      else changed.add(id);
    },
    everythingChanged() {
      hasEverythingChanged = true;
    },
  };
}
