import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteTimelineDb } from './sqlite.ts';
import { describeTimelineDb } from './timeline-db.conformance.ts';

describeTimelineDb('on SQLite', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'warble-timeline-'));
  const path = join(directory, 'timeline.db');
  const [one, other] = [openSqliteTimelineDb({ path }), openSqliteTimelineDb({ path })];
  return {
    one,
    other,
    async close() {
      await Promise.all([one.db.close(), other.db.close()]);
      rmSync(directory, { recursive: true });
    },
  };
});
