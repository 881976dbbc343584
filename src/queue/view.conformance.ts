/**
 * What every view promises, whatever it derives: one suite, run with two handles on one backend. A harness supplies
 * the view, the facts that it derives from, and a plain computation of what it must hold.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSeededRandom, type Random } from '#platform/random.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import type { Log, LogRead, LogRecord } from './log.ts';
import type { View, ViewStore } from './view.ts';
import { createViewRunner, type ViewRunner } from './view-runner.ts';

/** One process's handle on the view. */
export interface ViewHandle<Patch> {
  view: View<Patch>;
  store: ViewStore<Patch>;
  /** What the view holds now, in a form comparable to `expected`. */
  actual(): Promise<unknown>;
  close(): Promise<void>;
}

export interface ViewHarness<Patch> {
  log: Log;
  /** Changes some facts, with their events. */
  act(random: Random): Promise<void>;
  /** The plain computation over the facts as they are now. */
  expected(): Promise<unknown>;
  /** Opens the view's backend once more, as another process would. */
  open(faults?: CommitFaults): Promise<ViewHandle<Patch>>;
  close(): Promise<void>;
}

const ACTIONS = 60;

export function describeView<Patch>(name: string, create: () => Promise<ViewHarness<Patch>>): void {
  async function withHarness(
    seed: number,
    body: (harness: ViewHarness<Patch>, random: Random) => Promise<void>,
  ) {
    const harness = await create();
    try {
      await body(harness, createSeededRandom(seed));
    } finally {
      await harness.close();
    }
  }

  describe(`view ${name}`, () => {
    test('holds what the facts say once it has caught up', () =>
      withHarness(1, async (harness, random) => {
        const handle = await harness.open();
        const runner = createViewRunner({ ...handle, log: harness.log, batch: 3 });
        for (let i = 0; i < ACTIONS; i++) {
          await harness.act(random);
          if (random.integer(3) === 0) await runner.worker.step();
        }
        await drain(runner);
        assert.deepEqual(await handle.actual(), await harness.expected());
        assert.equal((await runner.status()).lag, 0);
        await handle.close();
      }));

    test('a crash before or after any commit neither loses nor duplicates anything', () =>
      withHarness(2, async (harness, random) => {
        let crashes = 0;
        for (let round = 0; round < ACTIONS; round++) {
          await harness.act(random);
          const handle = await harness.open(crashAt(random));
          const runner = createViewRunner({ ...handle, log: harness.log, batch: 2 });
          try {
            for (let i = 0; i < 3; i++) await runner.worker.step();
          } catch {
            crashes++;
          }
          await handle.close();
        }
        assert.ok(crashes > ACTIONS / 10, `only ${crashes} crashes happened`);
        await expectCaughtUp(harness);
      }));

    test('redelivered records change nothing, and nothing is folded across a gap', () =>
      withHarness(3, async (harness, random) => {
        const handle = await harness.open();
        const seen = new Map<string, number>();
        const view: View<Patch> = {
          ...handle.view,
          fold(request) {
            for (const { topic, key, sequence } of request.events) {
              assert.equal(
                sequence,
                (seen.get(`${topic}/${key}`) ?? 0) + 1,
                `${topic}/${key} has a gap or a double`,
              );
              seen.set(`${topic}/${key}`, sequence);
            }
            return handle.view.fold(request);
          },
        };
        const runner = createViewRunner({ ...handle, view, log: unruly(harness.log, random), batch: 5 });
        for (let i = 0; i < ACTIONS; i++) {
          await harness.act(random);
          if (random.integer(3) === 0) await runner.worker.step();
        }
        await handle.close();
        await expectCaughtUp(harness);
      }));

    test('of two owners only one moves the view at a time', () =>
      withHarness(4, async (harness, random) => {
        const handles = [await harness.open(), await harness.open()];
        const runners = handles.map((handle) => createViewRunner({ ...handle, log: harness.log, batch: 2 }));
        for (let i = 0; i < ACTIONS; i++) {
          await harness.act(random);
          await Promise.all(runners.map((runner) => runner.worker.step()));
        }
        for (const handle of handles) await handle.close();
        await expectCaughtUp(harness);
      }));

    test('an owner that lost its partition is fenced', () =>
      withHarness(5, async (harness) => {
        const [first, second] = [await harness.open(), await harness.open()];
        const before = await first.store.claim(0);
        await second.store.claim(0);
        const { epoch } = before;
        const { generation, positions } = before.live;
        const patch = await first.view.fold({ partition: 0, generation, events: [] });
        const commit = { partition: 0, epoch, generation, expected: positions, next: positions, patch };
        assert.equal(await first.store.commit(commit), false);
        assert.equal(await first.store.beginRebuild({ partition: 0, epoch, positions }), false);
        assert.equal(await first.store.swap({ partition: 0, epoch, generation }), false);
        await first.close();
        await second.close();
      }));

    test('a commit from other positions, or to another generation or cursor, is refused', () =>
      withHarness(8, async (harness) => {
        const { store, view, close } = await harness.open();
        const { epoch, live } = await store.claim(0);
        const topic = view.topics[0]!;
        const patch = await view.fold({ partition: 0, generation: live.generation, events: [] });
        const commit = (expected: number, next: number, generation = live.generation) =>
          store.commit({
            partition: 0,
            epoch,
            generation,
            expected: { [topic]: expected },
            next: { [topic]: next },
            patch,
          });
        assert.equal(await commit(0, 5), true);
        assert.equal(await commit(0, 6), false, 'a replay');
        assert.equal(await commit(6, 7), false, 'a gap');
        assert.equal(await commit(5, 6, live.generation + 1), false, 'a generation that is not there');
        assert.equal((await store.load(0)).live.positions[topic], 5);

        assert.equal(await store.beginRebuild({ partition: 0, epoch, positions: { [topic]: 5 } }), true);
        const { generation } = (await store.load(0)).building!;
        const scan = (expectedCursor: string | null, cursor: string | null) =>
          store.commitScan({ partition: 0, epoch, generation, patch, expectedCursor, cursor });
        assert.equal(await scan('elsewhere', 'a'), false);
        assert.equal(await scan('', 'a'), true);
        assert.equal(await scan('', 'b'), false, 'a page twice');
        assert.equal(await store.swap({ partition: 0, epoch, generation }), false, 'an unfinished scan');
        assert.equal(await scan('a', null), true);
        assert.equal(await store.swap({ partition: 0, epoch, generation }), true);
        assert.deepEqual((await store.load(0)).live, { generation, positions: { [topic]: 5 } });
        await close();
      }));

    test('can be rebuilt from facts while it serves, crashes included', () =>
      withHarness(6, async (harness, random) => {
        for (let i = 0; i < ACTIONS; i++) await harness.act(random);
        for (let round = 0; round < ACTIONS; round++) {
          const handle = await harness.open(crashAt(random));
          const runner = createViewRunner({ ...handle, log: harness.log, batch: 4 });
          try {
            if (round % 20 === 0) await runner.startRebuild();
            await harness.act(random);
            await runner.worker.step();
            await runner.worker.step();
          } catch {
            // A crash; the next round is the next process.
          }
          await handle.close();
        }
        await expectCaughtUp(harness);
      }));

    test('is rebuilt by itself when the log was trimmed past it', () =>
      withHarness(7, async (harness, random) => {
        for (let i = 0; i < ACTIONS; i++) await harness.act(random);
        const handle = await harness.open();
        for (const topic of handle.view.topics) {
          const { end } = await harness.log.range({ topic });
          for (const [partition, through] of end.entries()) {
            await harness.log.trim({ topic, partition, through, limit: 1_000_000 });
          }
        }
        await handle.close();
        await expectCaughtUp(harness);
      }));
  });
}

async function expectCaughtUp<Patch>(harness: ViewHarness<Patch>): Promise<void> {
  const handle = await harness.open();
  await drain(createViewRunner({ ...handle, log: harness.log }));
  assert.deepEqual(await handle.actual(), await harness.expected());
  await handle.close();
}

const MAX_STEPS = 10_000;

async function drain(runner: ViewRunner): Promise<void> {
  for (let i = 0; i < MAX_STEPS; i++) if (!(await runner.worker.step())) return;
  assert.fail(`the view was not idle after ${MAX_STEPS} steps`);
}

/** Crashes at one of the next commits, before or after it. */
function crashAt(random: Random): CommitFaults {
  let commits = random.integer(6);
  const after = random.integer(2) === 0;
  const crash = () => {
    if (commits-- <= 0) throw new Error('crash');
  };
  return after ? { afterCommit: crash } : { beforeCommit: crash };
}

/** A log that redelivers records, out of order at times, and with gaps. */
function unruly(log: Log, random: Random): Log {
  return {
    ...log,
    async read(request: LogRead): Promise<LogRecord[]> {
      const again = Math.max(0, request.after - random.integer(4));
      const { start } = await log.range(request);
      const records = await log.read({ ...request, after: Math.max(again, start[request.partition]!) });
      if (records.length > 1 && random.integer(3) === 0) records.splice(random.integer(records.length), 1);
      if (records.length > 1 && random.integer(3) === 0) records.splice(1, 0, records[0]!);
      return records;
    },
  };
}
