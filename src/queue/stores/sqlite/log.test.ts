import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '#platform/sqlite/open-database.ts';
import { describeLog } from '../../log.conformance.ts';
import { createOutbox, OUTBOX_SCHEMA } from '../../outbox.ts';
import { createSqliteLog } from './log.ts';

describeLog('on SQLite', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'warble-log-'));
  return {
    async open() {
      const path = join(directory, 'facts.db');
      const db = openDatabase({ path, migrations: [OUTBOX_SCHEMA], durability: 'full' });
      const outbox = createOutbox({ db, topics: ['tweets'] });
      return {
        log: createSqliteLog(outbox),
        append: (drafts) =>
          db.write(() => {
            for (const draft of drafts) outbox.append(draft);
          }),
        appendAndFail: (draft) =>
          db.write(() => {
            outbox.append(draft);
            throw new Error('the fact could not be written');
          }),
        close: () => db.close(),
      };
    },
    remove: async () => rmSync(directory, { recursive: true }),
  };
});
