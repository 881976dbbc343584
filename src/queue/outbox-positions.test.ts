/** Positions that a sole owner keeps in memory are those in the file, whatever became of the writes that moved them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createSeededRandom } from '#platform/random.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { DiskFile } from '#platform/sqlite/disk.ts';
import { createInThreadDisk } from '#platform/sqlite/in-thread-disk.ts';
import { openDatabase } from '#platform/sqlite/open-database.ts';
import { draftOf } from './log.conformance.ts';
import { createOutbox, OUTBOX_SCHEMA } from './outbox.ts';
import { createSqliteLog } from './stores/sqlite/log.ts';

const topic = 'tweets';
const KEYS = 8;

/** A database whose reads of positions are counted, and whose syncs can be held. */
function open(path: string) {
  const inner = createInThreadDisk();
  let gate: Promise<void> | undefined;
  const disk = {
    ...inner,
    file(of: string): DiskFile {
      const file = inner.file(of);
      return {
        ...file,
        async sync() {
          await gate;
          await file.sync();
        },
      };
    },
  };
  const db = openDatabase({ path, migrations: [OUTBOX_SCHEMA], durability: 'full', disk });
  let reads = 0;
  const counted: Database = {
    ...db,
    prepare(sql) {
      const statement = db.prepare(sql);
      if (!/^SELECT.*outbox_heads/s.test(sql)) return statement;
      const count = <T>(value: T): T => {
        reads++;
        return value;
      };
      return {
        ...statement,
        get: (...values) => count(statement.get(...values)),
        all: (...values) => count(statement.all(...values)),
      };
    },
  };
  const outbox = createOutbox({ db: counted, topics: [topic] });
  return {
    db,
    outbox,
    log: createSqliteLog(outbox),
    reads: () => reads,
    /** Holds syncs until the returned function is called. */
    hold(): () => void {
      let end = () => {};
      gate = new Promise((resolve) => {
        end = resolve;
      });
      return end;
    },
  };
}

function heldIn(db: Database): string {
  const rows = db
    .prepare('SELECT partition, head, trimmed FROM outbox_heads WHERE topic = ? ORDER BY partition')
    .all(topic);
  return JSON.stringify(rows);
}

async function knownBy(log: ReturnType<typeof createSqliteLog>): Promise<string> {
  const { start, end } = await log.range({ topic });
  const rows = end.map((head, partition) => ({ partition, head, trimmed: start[partition] }));
  return JSON.stringify(rows.filter(({ head }) => head > 0));
}

describe('the positions of a log, to its sole owner', () => {
  async function withFile(body: (opened: ReturnType<typeof open>) => Promise<void>): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), 'warble-positions-'));
    const opened = open(join(directory, 'facts.db'));
    try {
      await body(opened);
    } finally {
      await opened.db.close();
      rmSync(directory, { recursive: true });
    }
  }

  test('are what the file holds, after writes that commit, that are rolled back, and that trim', () =>
    withFile(async ({ db, outbox, log }) => {
      const random = createSeededRandom(7);
      for (let round = 0; round < 60; round++) {
        const undone = new Error('undone');
        await Promise.allSettled(
          Array.from({ length: 1 + random.integer(4) }, () =>
            db.write(() => {
              outbox.append(draftOf(1 + random.integer(KEYS), round));
              if (random.integer(3) === 0) throw undone;
            }),
          ),
        );
        if (random.integer(3) === 0) {
          const partition = random.integer(16);
          await log.trim({ topic, partition, through: random.integer(9), limit: 4 });
        }
        assert.equal(await knownBy(log), heldIn(db), `round ${round}`);
      }
    }));

  test('are durable: an event that is not synced yet has no position', () =>
    withFile(async ({ db, outbox, log, hold }) => {
      await db.write(() => outbox.append(draftOf(1, 1)));
      const before = await knownBy(log);
      const end = hold();
      const writing = db.write(() => outbox.append(draftOf(1, 2)));
      for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(await knownBy(log), before);
      end();
      await writing;
      assert.notEqual(await knownBy(log), before);
    }));

  test('cost a commit one row for each partition that it moved, and a caller nothing', () =>
    withFile(async ({ db, outbox, log, reads }) => {
      await log.range({ topic });
      const before = reads();
      await Promise.all([1, 1, 1].map((key) => db.write(() => outbox.append(draftOf(key, 1)))));
      for (let i = 0; i < 100; i++) await log.range({ topic });
      assert.equal(reads() - before, 1);
    }));

  test('are a copy that the caller may change', () =>
    withFile(async ({ db, outbox, log }) => {
      await db.write(() => outbox.append(draftOf(1, 1)));
      const range = await log.range({ topic });
      range.end.fill(99);
      range.start.fill(99);
      assert.equal(await knownBy(log), heldIn(db));
    }));
});
