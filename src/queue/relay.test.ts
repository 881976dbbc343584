import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PARTITIONS } from '#domain/events.ts';
import { createSeededRandom } from '#platform/random.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { openDatabase } from '#platform/sqlite/open-database.ts';
import { draftOf } from './log.conformance.ts';
import { createOutbox, OUTBOX_SCHEMA } from './outbox.ts';
import { createOutboxPositions } from './outbox-positions.ts';
import { createRelay, type RelaySink } from './relay.ts';
import { createSqliteLog } from './stores/sqlite/log.ts';
import { createSqliteRelaySink, createSqliteRelaySource } from './stores/sqlite/relay.ts';

const KEYS = 6;

function withFiles(
  body: (open: (name: string, faults?: CommitFaults) => ReturnType<typeof openDatabase>) => Promise<void>,
) {
  const directory = mkdtempSync(join(tmpdir(), 'warble-relay-'));
  const open = (name: string, faults?: CommitFaults) =>
    openDatabase({ path: join(directory, name), migrations: [OUTBOX_SCHEMA], durability: 'full', faults });
  return body(open).finally(() => rmSync(directory, { recursive: true }));
}

/** Everything in the log, by key: the entity ids in order. */
async function logged(db: ReturnType<typeof openDatabase>): Promise<Map<number, number[]>> {
  const log = createSqliteLog({ db, topics: ['tweets'], positions: createOutboxPositions(db) });
  const byKey = new Map<number, number[]>();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (const { event } of await log.read({ topic: 'tweets', partition, after: 0, limit: 10_000 })) {
      byKey.set(event.key, [...(byKey.get(event.key) ?? []), event.entityId]);
    }
  }
  return byKey;
}

test('a crash between any two lines of the relay neither loses, duplicates nor reorders an event', () =>
  withFiles(async (open) => {
    const random = createSeededRandom(4);
    const expected = new Map<number, number[]>();
    let next = 1;
    let crashes = 0;
    for (let round = 0; round < 80; round++) {
      // One process: some events, then the relay until it dies at a commit of either file, before or after it.
      let commits = random.integer(7);
      const strike = () => {
        if (commits-- <= 0) throw new Error('crash');
      };
      const when = random.integer(2) === 0 ? 'beforeCommit' : 'afterCommit';
      const facts = open('facts.db');
      const outbox = createOutbox({ db: facts, topics: ['tweets'] });
      for (let i = 0; i < 3; i++) {
        const key = 1 + random.integer(KEYS);
        await facts.write(() => outbox.append(draftOf(key, next)));
        expected.set(key, [...(expected.get(key) ?? []), next++]);
      }
      await facts.close();
      const source = open('facts.db', { [when]: strike });
      const target = open('queue.db', { [when]: strike });
      const relay = createRelay({
        source: createSqliteRelaySource({ db: source, topics: ['tweets'] }),
        sink: createSqliteRelaySink({ db: target, positions: createOutboxPositions(target) }),
        batch: 1 + random.integer(3),
      });
      try {
        for (let step = 0; step < 3; step++) await relay.step();
      } catch {
        crashes++;
      }
      source.crash();
      target.crash();
    }
    assert.ok(crashes > 20, `only ${crashes} crashes`);
    const [source, target] = [open('facts.db'), open('queue.db')];
    const relay = createRelay({
      source: createSqliteRelaySource({ db: source, topics: ['tweets'] }),
      sink: createSqliteRelaySink({ db: target, positions: createOutboxPositions(target) }),
    });
    while (await relay.step()) {
      // Until nothing is left.
    }
    assert.deepEqual(await logged(target), new Map([...expected].sort(([a], [b]) => a - b)));
    await source.close();
    await target.close();
  }));

test('after an error the relay closes its connection and reads the table again', () =>
  withFiles(async (open) => {
    const [source, target] = [open('facts.db'), open('queue.db')];
    const outbox = createOutbox({ db: source, topics: ['tweets'] });
    await source.write(() => [outbox.append(draftOf(1, 1)), outbox.append(draftOf(1, 2))]);
    const sink = createSqliteRelaySink({ db: target, positions: createOutboxPositions(target) });
    const did: string[] = [];
    const unsteady: RelaySink = {
      async append(request) {
        did.push(`append ${request.events.length}`);
        await sink.append(request);
        if (did.length === 1) throw new Error('the acknowledgement was lost');
      },
      async reset() {
        did.push('reset');
      },
    };
    const relay = createRelay({ source: createSqliteRelaySource(outbox), sink: unsteady });
    await assert.rejects(relay.step(), /lost/);
    assert.equal(await relay.step(), true);
    assert.equal(await relay.step(), false);
    assert.deepEqual(did, ['append 2', 'reset', 'append 2']);
    assert.deepEqual(await logged(target), new Map([[1, [1, 2]]]));
    await source.close();
    await target.close();
  }));
