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
  /** What has stood in the home ever since all was settled before the walk began, by tweet: its activity. */
  stood: Map<number, number>;
  done: boolean;
  /** `walksBegun` of the reader at its last page. */
  begun: number;
}

/** As timeline/home/walks.ts has it, less the one that is reading. */
const WALKS_REMEMBERED = 3;

export function createWalks(world: World): Walks {
  /** As of the last settling: what is newer may not have been delivered yet. */
  let settledIds: Ids | undefined;
  let homes = new Map<number, Map<number, number>>();
  const walks = new Map<number, Walk>();

  /** A reader's few latest walks are remembered; older ones go on by facts, which promise less. */
  const isForgotten = (reader: number, walk: Walk) =>
    walk.place !== null && world.walksBegun(reader) - walk.begun >= WALKS_REMEMBERED;

  function homeOf(reader: number, ids: Ids): Map<number, number> {
    return new Map(plainHome(world.model, ids, reader, false).map((row) => [row.tweetId, row.activity]));
  }

  /** What moved or went, if only for a while, may rightly be missing from the walk. */
  function keepWhatStands(reader: number, walk: Walk, ids: Ids): void {
    const now = homeOf(reader, ids);
    for (const [tweetId, activity] of walk.stood) {
      if (now.get(tweetId) !== activity) walk.stood.delete(tweetId);
    }
  }

  async function page(reader: number, walk: Walk, limit: number): Promise<void> {
    if (isForgotten(reader, walk)) {
      walks.delete(reader);
      walk.done = true;
      walk.stood.clear();
      return;
    }
    const { timeline } = world.system().services;
    if (settledIds !== undefined) keepWhatStands(reader, walk, settledIds);
    const { items, next, partial } = await timeline.home({ reader, own: false, place: walk.place, limit });
    assert.equal(partial, false);
    for (const { tweetView } of items) {
      const { tweet } = tweetView;
      assert.ok(!walk.seen.has(tweet.id), `tweet ${tweet.id} came twice in a walk of ${reader}`);
      walk.seen.add(tweet.id);
    }
    walk.place = next;
    walk.done = next === null;
    walk.begun = world.walksBegun(reader);
  }

  return {
    async step(reader, limit) {
      const known = walks.get(reader);
      if (known !== undefined && !known.done) return page(reader, known, limit);
      if (settledIds === undefined) return;
      const stood = new Map(homes.get(reader));
      const walk: Walk = { place: null, seen: new Set(), stood, done: false, begun: 0 };
      walks.set(reader, walk);
      await page(reader, walk, limit);
    },
    async settled(ids) {
      settledIds = ids;
      for (const [reader, walk] of walks) {
        while (!walk.done) await page(reader, walk, 5);
        keepWhatStands(reader, walk, ids);
        for (const tweetId of walk.stood.keys()) {
          assert.ok(walk.seen.has(tweetId), `tweet ${tweetId} was skipped in a walk of ${reader}`);
        }
      }
      walks.clear();
      homes = new Map(world.people.map((reader) => [reader, homeOf(reader, ids)]));
    },
    forget: () => walks.clear(),
  };
}
