/** Walks through homes, page by page, while everything else goes on: nothing repeats, nothing is skipped. */
import assert from 'node:assert/strict';
import type { HomePlace } from '#timeline/timeline.ts';
import type { Ids } from './facts.ts';
import { plainHome } from './views.ts';
import type { World } from './world.ts';

export interface Walks {
  /** Begins this reader's walk, or goes on with it by one page. */
  step(reader: number, limit: number): Promise<void>;
  /** Everything is settled: what stands now is what walks that begin now must cover. */
  settled(ids: Ids): Promise<void>;
  /** Walks that are under way are given up. */
  forget(): void;
}

interface Walk {
  place: HomePlace | null;
  seen: Set<number>;
  /** What stood in the home when all was settled before the walk began, by tweet: its activity. */
  stood: Map<number, number>;
  done: boolean;
}

export function createWalks(world: World): Walks {
  /** What stands in each home since the last settling, and whether anything happened since that could move it. */
  let homes = new Map<number, Map<number, number>>();
  const walks = new Map<number, Walk>();

  async function page(reader: number, walk: Walk, limit: number): Promise<void> {
    const { timeline } = world.system().services;
    const { items, next, partial } = await timeline.home({ reader, own: false, place: walk.place, limit });
    assert.equal(partial, false);
    for (const { tweet } of items) {
      assert.ok(!walk.seen.has(tweet.id), `tweet ${tweet.id} came twice in a walk of ${reader}`);
      walk.seen.add(tweet.id);
    }
    walk.place = next;
    walk.done = next === null;
  }

  return {
    async step(reader, limit) {
      const known = walks.get(reader);
      if (known !== undefined && !known.done) return page(reader, known, limit);
      const stood = homes.get(reader);
      if (stood === undefined) return;
      const walk: Walk = { place: null, seen: new Set(), stood, done: false };
      walks.set(reader, walk);
      await page(reader, walk, limit);
    },
    async settled(ids) {
      const now = new Map<number, Map<number, number>>();
      for (const reader of world.people) {
        const rows = plainHome(world.model, ids, reader, false);
        now.set(reader, new Map(rows.map((row) => [row.tweetId, row.activity])));
      }
      for (const [reader, walk] of walks) {
        while (!walk.done) await page(reader, walk, 5);
        for (const [tweetId, activity] of walk.stood) {
          // What moved or went meanwhile may rightly be missing.
          if (now.get(reader)!.get(tweetId) !== activity) continue;
          assert.ok(walk.seen.has(tweetId), `tweet ${tweetId} was skipped in a walk of ${reader}`);
        }
      }
      walks.clear();
      homes = now;
    },
    forget: () => walks.clear(),
  };
}
