import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  applied,
  claimedByOwner,
  claimedByWorker,
  MAX_WAITING_MARKS,
  newEra,
  type ShardState,
  sourceKey,
} from './shard-state.ts';
import { cut, type Mark, type Slice, type SliceRecord } from './slices.ts';

const source = { topic: 'tweets', partition: 0 } as const;
const KEY = sourceKey(source);
const fresh = () =>
  newEra({ era: 'a', workerEpoch: 1, positions: new Map([[KEY, { epoch: 1, position: 0 }]]) });
const through = (state: ShardState) => state.sources.get(KEY)!.through;

function slice(position: number, epoch = 1, part = 0): Slice {
  const readers = Uint32Array.of(1);
  return { source, epoch, position, part, activity: position, actor: 9, tweetId: position, readers };
}
function mark(after: number, to: number, epoch = 1, large: Mark['large'] = []): Mark {
  return { source, epoch, after, through: to, large };
}
const small = (slices: Slice[], ...marks: Mark[]): SliceRecord => ({
  shard: 0,
  lane: 'small',
  slices,
  marks,
});
const largePart = (...args: Parameters<typeof slice>): SliceRecord => ({
  shard: 0,
  lane: 'large',
  slices: [slice(...args)],
  marks: [],
});
const positionsOf = (slices: Slice[]) => slices.map(({ position }) => position);

describe('a shard', () => {
  test('delivers a record once, whoever repeats it', () => {
    const record = small([slice(1), slice(3)], mark(0, 4));
    const once = applied(fresh(), record, 10);
    assert.deepEqual([positionsOf(once.deliver), through(once.state)], [[1, 3], 4]);
    for (const place of [9, 10]) {
      assert.deepEqual(applied(once.state, record, place), { state: once.state, deliver: [], behind: [] });
    }
  });

  test('drops slices and marks of an owner that was replaced, and moves its place on', () => {
    const { state } = claimedByOwner(fresh(), source, 2)!;
    const stale = applied(state, small([slice(1, 1)], mark(0, 1, 1)), 0);
    assert.deepEqual([stale.deliver, through(stale.state), stale.state.places.small], [[], 0, 0]);
    const staleLarge = applied(stale.state, largePart(2, 1), 0);
    assert.deepEqual([staleLarge.deliver, staleLarge.state.places.large], [[], 0]);
  });

  test('tells a new owner what was delivered, and refuses an older one', () => {
    const { state } = applied(fresh(), small([slice(5)], mark(0, 5)), 0);
    const claim = claimedByOwner(state, source, 3)!;
    assert.equal(claim.through, 5);
    assert.equal(claimedByOwner(claim.state, source, 2), null);
    assert.equal(claimedByOwner(claim.state, source, 3)!.through, 5);
    assert.equal(claimedByOwner(state, { topic: 'tweets', partition: 1 }, 3), null);
  });

  test('takes an older worker for no worker', () => {
    const state = claimedByWorker(fresh(), 4)!;
    assert.equal(claimedByWorker(state, 3), null);
    assert.deepEqual(claimedByWorker(state, 4), state);
  });

  test('goes back to where an owner began whose claim a failover lost', () => {
    // The owner of epoch 2 claimed at 4 and merged a follow. That was lost, and the stalled owner 1 wakes, without it.
    const stalled = applied(fresh(), small([slice(6)], mark(0, 6)), 0);
    assert.equal(through(stalled.state), 6);
    const next = applied(stalled.state, small([slice(5, 2)], mark(4, 5, 2)), 1);
    assert.deepEqual([positionsOf(next.deliver), through(next.state)], [[5], 5]);
    const again = applied(next.state, small([slice(6, 2)], mark(5, 6, 2)), 2);
    assert.deepEqual([positionsOf(again.deliver), through(again.state)], [[6], 6]);
  });

  test('goes back there too where a large slice comes before the first mark', () => {
    const stalled = applied(fresh(), small([slice(6)], mark(0, 6)), 0);
    const part = applied(stalled.state, largePart(5, 2), 0);
    assert.deepEqual(positionsOf(part.deliver), [5]);
    const next = applied(part.state, small([], mark(3, 4, 2)), 1);
    assert.equal(through(next.state), 4);
    const whole = applied(next.state, small([], mark(4, 6, 2, [{ position: 5, parts: 1 }])), 2);
    assert.equal(through(whole.state), 6);
  });

  test('that lost its newest writes says so, also to a source in which nothing happens', () => {
    const idle = applied(fresh(), small([], mark(7, 7)), 0);
    assert.deepEqual([through(idle.state), idle.behind], [0, [{ source, through: 0 }]]);
    const busy = applied(idle.state, small([slice(8)], mark(7, 8)), 1);
    assert.deepEqual([through(busy.state), busy.behind], [0, [{ source, through: 0 }]]);
    const mended = applied(busy.state, small([slice(7), slice(8)], mark(0, 8)), 2);
    assert.deepEqual([through(mended.state), mended.behind], [8, []]);
  });

  test('keeps the position before a large activity until its last slice, and delivers others meanwhile', () => {
    let state = fresh();
    state = applied(state, small([slice(1)], mark(0, 2, 1, [{ position: 2, parts: 2 }])), 0).state;
    assert.equal(through(state), 0);
    const other = applied(state, small([slice(3)], mark(2, 3)), 1);
    assert.deepEqual([positionsOf(other.deliver), through(other.state)], [[3], 0]);
    state = applied(other.state, largePart(2, 1, 0), 0).state;
    assert.equal(through(state), 0);
    state = applied(state, largePart(2, 1, 0), 1).state;
    assert.equal(through(state), 0, 'the same slice twice is not two');
    state = applied(state, largePart(2, 1, 1), 2).state;
    assert.equal(through(state), 3);
    assert.equal(state.sources.get(KEY)!.arrived.size, 0);
  });

  test('does not wait again for a large activity that it has, where others are cut again from below it', () => {
    let { state } = applied(fresh(), largePart(2), 0);
    ({ state } = applied(state, small([], mark(0, 3, 1, [{ position: 2, parts: 1 }])), 0));
    ({ state } = applied(state, small([slice(4)], mark(1, 4, 1, [{ position: 2, parts: 1 }])), 1));
    assert.equal(through(state), 4);
  });

  test('keeps a bounded number of marks', () => {
    let state = applied(fresh(), small([], mark(0, 1, 1, [{ position: 1, parts: 1 }])), 0).state;
    for (let at = 1; at < 500; at++)
      state = applied(state, small([slice(at + 1)], mark(at, at + 1)), at).state;
    assert.equal(state.sources.get(KEY)!.waiting.length, MAX_WAITING_MARKS);
    assert.equal(through(applied(state, largePart(1), 0).state), 500);
  });

  test('of a new era begins at the positions of all sources', () => {
    const positions = new Map([
      [KEY, { epoch: 3, position: 40 }],
      ['reposts/5', { epoch: 4, position: 50 }],
    ]);
    const state = newEra({ era: 'b', workerEpoch: 2, positions });
    assert.equal(through(state), 40);
    assert.equal(state.sources.get('reposts/5')!.through, 50);
    assert.equal(claimedByOwner(state, source, 2), null);
  });
});

/**
 * Two stages with a log of slices between them. Owners follow one another, the former wakes and writes too; the shard's
 * store loses its newest writes. Whatever happens, what a position says was delivered is in the homes that the same
 * store keeps.
 */
describe('two stages', () => {
  const SHARDS = 2;
  const READERS = [1, 2, 3, 4, 5, 6];
  interface Owner {
    epoch: number;
    marked: number[];
    readThrough: number;
    /** Where it began. */
    base: number;
  }
  interface Shard {
    state: ShardState;
    homes: ReadonlySet<string>;
  }
  const action = fc.record({
    op: fc.constantFrom(
      'post',
      'post',
      'cut',
      'cut',
      'cut stale',
      'work',
      'work',
      'work',
      'claim',
      'failover',
      'tell',
    ),
    n: fc.nat(1_000),
  });

  /** Followers of the only author, as an owner of this epoch knows them: each knows one more than the one before. */
  const audience = (position: number, epoch: number) =>
    READERS.filter((reader) => (position * 7 + reader) % 3 !== 0 || reader <= epoch);
  const key = (position: number, reader: number) => `${position}>${reader}`;

  function openWorld() {
    let head = 0;
    let owner: Owner = { epoch: 1, marked: [0, 0], readThrough: 0, base: 0 };
    let former: Owner | null = null;
    const log: Record<'small' | 'large', SliceRecord[]>[] = Array.from({ length: SHARDS }, () => ({
      small: [],
      large: [],
    }));
    const histories: Shard[][] = Array.from({ length: SHARDS }, () => [
      { state: fresh(), homes: new Set<string>() },
    ]);
    const now = (shard: number) => histories[shard]!.at(-1)!;

    function cutSome(by: Owner, to: number, tellAll: boolean): void {
      const activities = [];
      for (let position = by.readThrough + 1; position <= to; position++) {
        const readers = Uint32Array.from(audience(position, by.epoch));
        activities.push({ position, activity: position, actor: 9, tweetId: position, readers });
      }
      const batch = { source, epoch: by.epoch, activities, through: to, marked: by.marked };
      const records = cut({
        shards: SHARDS,
        batches: [batch],
        tellAll,
        maxSmallReaders: 4,
        maxSliceReaders: 1,
      });
      for (const record of records) {
        log[record.shard]![record.lane].push(record);
        if (record.lane === 'small') by.marked = by.marked.with(record.shard, to);
      }
      by.readThrough = to;
    }
    function work(shard: number, lane: 'small' | 'large'): boolean {
      const { state, homes } = now(shard);
      const place = state.places[lane] + 1;
      const record = log[shard]![lane][place];
      if (record === undefined) return false;
      const result = applied(state, record, place);
      const all = new Set(homes);
      for (const { position, readers } of result.deliver)
        for (const reader of readers) all.add(key(position, reader));
      histories[shard]!.push({ state: result.state, homes: all });
      for (const { through: from } of result.behind) recut(shard, from);
      return true;
    }
    /** The owner cuts again, for a shard that is behind, from there. */
    function recut(shard: number, from: number): void {
      owner.readThrough = Math.min(owner.readThrough, from);
      owner.marked = owner.marked.with(shard, Math.min(owner.marked[shard]!, from));
    }
    function claim(): void {
      former = owner;
      const epoch = owner.epoch + 1;
      const begun = histories.map((history) => {
        const claimed = claimedByOwner(history.at(-1)!.state, source, epoch)!;
        history.push({ state: claimed.state, homes: history.at(-1)!.homes });
        return claimed.through;
      });
      const lowest = Math.min(...begun);
      owner = { epoch, marked: [lowest, lowest], readThrough: lowest, base: lowest };
    }
    /** Each position above `base` that a shard has delivered is in its homes, for whom an owner of this epoch knows. */
    function check(epoch: number, base = 0): void {
      for (const [shard, history] of histories.entries()) {
        const { state, homes } = history.at(-1)!;
        for (let position = base + 1; position <= through(state); position++) {
          const readers = Uint32Array.from(audience(position, epoch));
          const mine = cut({
            shards: SHARDS,
            tellAll: false,
            batches: [
              {
                source,
                epoch,
                through: 0,
                marked: [0, 0],
                activities: [{ position, activity: 1, actor: 1, tweetId: 1, readers }],
              },
            ],
          }).filter((record) => record.shard === shard);
          for (const reader of mine.flatMap(({ slices }) => slices.flatMap((each) => [...each.readers])))
            assert.ok(homes.has(key(position, reader)), `${key(position, reader)} in shard ${shard}`);
        }
      }
    }
    return {
      check,
      act({ op, n }: { op: string; n: number }) {
        if (op === 'post') head += 1 + (n % 3);
        if (op === 'cut') cutSome(owner, Math.min(head, owner.readThrough + 1 + (n % 4)), false);
        if (op === 'tell') cutSome(owner, owner.readThrough, true);
        if (op === 'cut stale' && former !== null) cutSome(former, head, n % 2 === 0);
        if (op === 'work') work(n % SHARDS, n % 3 === 0 ? 'large' : 'small');
        if (op === 'claim') claim();
        if (op === 'failover') {
          const history = histories[n % SHARDS]!;
          history.splice(Math.max(1, history.length - (n % 5)));
        }
      },
      /** With no further post everything is delivered: the owner tells all shards, and they work off what there is. */
      settle() {
        for (let rounds = 0; rounds < 50; rounds++) {
          cutSome(owner, head, true);
          for (let shard = 0; shard < SHARDS; shard++) while (work(shard, 'large') || work(shard, 'small'));
        }
        for (const history of histories) assert.equal(through(history.at(-1)!.state), head);
        check(owner.epoch, owner.base);
      },
    };
  }

  test('lose nothing through takeovers, owners that wake again, failovers and large activities', () => {
    fc.assert(
      fc.property(fc.array(action, { minLength: 5, maxLength: 80 }), (actions) => {
        const world = openWorld();
        for (const each of actions) {
          world.act(each);
          world.check(1);
        }
        world.settle();
        world.check(1);
      }),
      { numRuns: 300 },
    );
  });
});
