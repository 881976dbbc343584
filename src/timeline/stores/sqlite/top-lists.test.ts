import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeTopListsStore } from '../top-lists.conformance.ts';
import { openSqliteTopListsStore } from './top-lists.ts';

describeTopListsStore('on SQLite', () => {
  const directory = mkdtempSync(join(tmpdir(), 'warble-top-'));
  return {
    async open(faults) {
      const store = openSqliteTopListsStore({ path: join(directory, 'top-lists.db'), faults });
      return { store, close: () => store.db.close() };
    },
    async remove() {
      rmSync(directory, { recursive: true });
    },
  };
});
