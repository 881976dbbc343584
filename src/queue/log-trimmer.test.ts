import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PARTITIONS, partitionOf, TOPICS } from '#domain/events.ts';
import { openDatabase } from '#platform/sqlite/open-database.ts';
import { draftOf } from './log.conformance.ts';
import { createLogTrimmer } from './log-trimmer.ts';
import { createOutbox, OUTBOX_SCHEMA } from './outbox.ts';
import { createSqliteLog } from './stores/sqlite/log.ts';

test('the log drops what every reader has processed, and never what one of them still needs', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'warble-trim-'));
  const db = openDatabase({
    path: join(directory, 'facts.db'),
    migrations: [OUTBOX_SCHEMA],
    durability: 'full',
  });
  const outbox = createOutbox({ db, topics: TOPICS });
  const log = createSqliteLog(outbox);
  const partition = partitionOf(7);
  await db.write(() => {
    for (let i = 1; i <= 50; i++) outbox.append(draftOf(7, i));
  });
  const at = (position: number) => new Array<number>(PARTITIONS).fill(position);
  let slow = 20;
  const readers = [
    { processedPositions: async () => at(50) },
    { processedPositions: async () => at(slow) },
    { processedPositions: async () => undefined },
  ];
  const trimmer = createLogTrimmer({ log, readers, keep: 5 });
  while (await trimmer.step()) {
    // One bounded step at a time.
  }
  assert.equal((await log.range({ topic: 'tweets' })).start[partition], 15);
  slow = 50;
  while (await trimmer.step()) {
    // One bounded step at a time.
  }
  assert.equal((await log.range({ topic: 'tweets' })).start[partition], 45);
  await db.close();
  rmSync(directory, { recursive: true });
});
