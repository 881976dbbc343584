/** What every store of minting leases promises, run with two handles open on one backend. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SNOWFLAKE_NODES } from '#contract/ids.ts';
import { eachWithTwoHandles } from '#platform/two-handles.ts';
import type { IdLeases } from './minter.ts';

export interface IdLeasesBackend {
  open(): Promise<{ leases: IdLeases; close(): Promise<void> }>;
  remove(): Promise<void>;
}

const NOW_MS = 1_000_000;
const duration_ms = 60_000;

export function describeIdLeases(name: string, create: () => Promise<IdLeasesBackend>): void {
  describe(`id leases ${name}`, () => {
    let one: Awaited<ReturnType<IdLeasesBackend['open']>>;
    let two: Awaited<ReturnType<IdLeasesBackend['open']>>;
    eachWithTwoHandles(create, (opened) => {
      ({ one, two } = opened);
    });
    const acquire = (leases: IdLeases, holder: string, now_ms = NOW_MS) =>
      leases.acquire({ holder, now_ms, duration_ms });

    test('no number is held twice, whoever asks at once', async () => {
      const asked = Array.from({ length: SNOWFLAKE_NODES + 6 }, (_, i) =>
        acquire((i % 2 === 0 ? one : two).leases, `process ${i}`),
      );
      const nodes = (await Promise.all(asked)).filter((lease) => lease !== undefined).map(({ node }) => node);
      assert.equal(nodes.length, SNOWFLAKE_NODES);
      assert.equal(new Set(nodes).size, SNOWFLAKE_NODES);
      assert.ok(nodes.every((node) => node >= 0 && node < SNOWFLAKE_NODES));
    });

    test('a number that has ended is taken over with its high-water mark, and its holder has lost it', async () => {
      for (let i = 0; i < SNOWFLAKE_NODES; i++) await acquire(one.leases, `process ${i}`);
      const mark = { node: 3, holder: 'process 3', now_ms: NOW_MS, duration_ms };
      assert.equal(await one.leases.renew({ ...mark, highWater_ms: NOW_MS + 500 }), true);
      assert.equal(await acquire(two.leases, 'late'), undefined);
      const later_ms = NOW_MS + duration_ms + 1;
      const taken = new Map<number, number>();
      for (let i = 0; i < SNOWFLAKE_NODES; i++) {
        const lease = await acquire(two.leases, `new ${i}`, later_ms);
        taken.set(lease!.node, lease!.highWater_ms);
      }
      assert.equal(taken.get(3), NOW_MS + 500);
      assert.equal(await one.leases.renew({ ...mark, now_ms: later_ms, highWater_ms: later_ms }), false);
    });

    test('a mark is never lowered by a renewal', async () => {
      const { node } = (await acquire(one.leases, 'a'))!;
      const renewal = { node, holder: 'a', now_ms: NOW_MS, duration_ms };
      await one.leases.renew({ ...renewal, highWater_ms: NOW_MS + 900 });
      await two.leases.renew({ ...renewal, highWater_ms: NOW_MS + 100 });
      for (let i = 1; i < SNOWFLAKE_NODES; i++) await acquire(two.leases, `filler ${i}`);
      const again = await acquire(two.leases, 'a');
      assert.deepEqual(again, { node, highWater_ms: NOW_MS + 900 });
    });

    test('a number that was given back rests no longer than its last id', async () => {
      const { node } = (await acquire(one.leases, 'a'))!;
      await one.leases.renew({
        node,
        holder: 'a',
        now_ms: NOW_MS,
        duration_ms,
        highWater_ms: NOW_MS + 15_000,
      });
      await one.leases.release({ node, holder: 'a', highWater_ms: NOW_MS - 1 });
      assert.deepEqual(await acquire(two.leases, 'b'), { node, highWater_ms: NOW_MS - 1 });
    });
  });
}
