/** What every adapter of {@link HomeTimelinesPort} promises. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import type { UserId } from '#domain/ids.ts';
import type { HomeTimelinesPort } from './port.ts';
import {
  applied,
  claimedByOwner,
  claimedByWorker,
  newEra,
  type ShardState,
  sourceKey,
} from './shard-state.ts';
import { cut, homeShardOf, type Slice, type SliceRecord } from './slices.ts';

export interface HomeTimelinesFixture {
  port: HomeTimelinesPort;
  /** Undefined: nothing of it can outlive or be lost apart from the process. */
  faults?: { failover(shard: number, lost: number): void; lose(shard: number): void };
}

const SHARDS = 2;
const source = { topic: 'tweets', partition: 0 } as const;
const KEY = sourceKey(source);
const ALL = { below: Number.POSITIVE_INFINITY, limit: 1_000 };
const READERS: UserId[] = [1, 2, 3, 4, 5, 6, 7, 8];
const [READER] = READERS as [UserId];
const SHARD = homeShardOf(READER, SHARDS);

let eras = 0;
function eraAt(position: number, epoch = 1): ShardState {
  eras += 1;
  return newEra({
    era: `era ${eras}`,
    workerEpoch: 1,
    positions: new Map([[KEY, { epoch, position }]]),
  });
}
function slice(activity: number, readers: readonly UserId[]): Slice {
  const about = { source, epoch: 1, position: activity, part: 0, activity, actor: 9, tweetId: activity };
  return { ...about, readers: Uint32Array.from(readers) };
}
async function stateOf(port: HomeTimelinesPort, shard: number) {
  return (await port.positions({ shards: [shard] }))[0]!;
}
async function idsOf(port: HomeTimelinesPort, reader: UserId): Promise<number[] | null> {
  return (await port.read({ readers: [reader], ...ALL })).homes[0]?.ids ?? null;
}

export function describeHomeTimelinesPort(name: string, open: () => HomeTimelinesFixture): void {
  describe(`homes ${name}`, () => {
    let port: HomeTimelinesPort;
    let faults: HomeTimelinesFixture['faults'];
    beforeEach(async () => {
      ({ port, faults } = open());
      for (let shard = 0; shard < SHARDS; shard++)
        await port.dropShard({ shard, seen: null, next: eraAt(0) });
    });

    async function deliver(...slices: Slice[]): Promise<void> {
      const { version, state } = await stateOf(port, SHARD);
      assert.ok((await port.deliver({ shard: SHARD, expected: version, next: state, slices })).delivered);
    }
    async function fill(reader: UserId, ids: number[], floor = 0): Promise<boolean> {
      const [token] = await port.register({ readers: [reader] });
      const fillings = [{ reader, token: token!, ids: Float64Array.from(ids), floor, digest: 5 }];
      return (await port.fill({ fillings }))[0]!;
    }

    test('unite what was filled with what was delivered since they were registered', async () => {
      await deliver(slice(10, [READER]));
      const [token] = await port.register({ readers: [READER] });
      await deliver(slice(30, [READER]), slice(-40, [READER]));
      assert.equal(await idsOf(port, READER), null, 'not ready');
      const filling = {
        reader: READER,
        token: token!,
        ids: Float64Array.of(10, 20, 30),
        floor: 15,
        digest: 7,
      };
      assert.deepEqual(await port.fill({ fillings: [filling] }), [true]);
      const { homes, states } = await port.read({ readers: [READER, 99], below: 40, limit: 1 });
      assert.deepEqual(homes, [{ ids: [30], floor: 15, digest: 7 }, null]);
      assert.deepEqual(states.get(SHARD), await stateOf(port, SHARD));
      assert.deepEqual(await idsOf(port, READER), [-40, 30, 20]);
    });

    test('are filled by two at once without a loss', async () => {
      const [first] = await port.register({ readers: [READER] });
      const [second] = await port.register({ readers: [READER] });
      const filling = (token: string, ids: number[]) => ({
        ...{ reader: READER, token, floor: 0, digest: 1 },
        ids: Float64Array.from(ids),
      });
      assert.deepEqual(await port.fill({ fillings: [filling(second!, [1, 2, 3])] }), [true]);
      await deliver(slice(4, [READER]));
      assert.deepEqual(await port.fill({ fillings: [filling(first!, [1, 2])] }), [true]);
      assert.deepEqual(await idsOf(port, READER), [4, 3, 2, 1]);
    });

    test('that are gone are not filled by who registered them, also where there is another', async () => {
      const [token] = await port.register({ readers: [READER] });
      await port.remove({ readers: [READER] });
      const stale = { reader: READER, token: token!, ids: Float64Array.of(1), floor: 0, digest: 1 };
      assert.deepEqual(await port.fill({ fillings: [stale] }), [false]);
      await deliver(slice(2, [READER]));
      await port.register({ readers: [READER] });
      assert.deepEqual(await port.fill({ fillings: [stale] }), [false]);
      assert.equal(await idsOf(port, READER), null);
    });

    test('take nothing from a worker that stalled', async () => {
      await fill(READER, [1]);
      const stalled = await stateOf(port, SHARD);
      const next = claimedByWorker(stalled.state, 2)!;
      assert.ok(
        (await port.deliver({ shard: SHARD, expected: stalled.version, next, slices: [] })).delivered,
      );
      const late = await port.deliver({
        ...{ shard: SHARD, expected: stalled.version, next: stalled.state },
        slices: [slice(9, [READER])],
      });
      assert.equal(late.delivered, false);
      assert.equal(late.now!.state.workerEpoch, 2);
      assert.deepEqual(await idsOf(port, READER), [1]);
    });

    test('of a dropped shard are gone with their tokens, and of several who drop it one wins', async () => {
      await fill(READER, [1]);
      const other = READERS.find((reader) => homeShardOf(reader, SHARDS) !== SHARD)!;
      await fill(other, [1]);
      const [token] = await port.register({ readers: [READER] });
      const seen = (await stateOf(port, SHARD)).state.era;
      const drops = await Promise.all(
        [50, 60].map((at) => port.dropShard({ shard: SHARD, seen, next: eraAt(at) })),
      );
      assert.deepEqual(
        drops.map(({ dropped }) => dropped),
        [true, false],
      );
      assert.equal((await stateOf(port, SHARD)).state.sources.get(KEY)!.through, 50);
      assert.deepEqual(drops[1]!.now, drops[0]!.now);
      assert.equal(await idsOf(port, READER), null);
      assert.deepEqual(await idsOf(port, other), [1]);
      const stale = { reader: READER, token: token!, ids: Float64Array.of(1), floor: 0, digest: 1 };
      assert.deepEqual(await port.fill({ fillings: [stale] }), [false]);
    });

    test('are not kept in a shard without an era', async () => {
      if (faults === undefined) return;
      faults.lose(SHARD);
      assert.deepEqual(await port.positions({ shards: [SHARD] }), [null]);
      assert.deepEqual(await port.register({ readers: [READER] }), [null]);
      const refused = await port.deliver({ shard: SHARD, expected: '', next: eraAt(0), slices: [] });
      assert.deepEqual(refused, { delivered: false, now: null });
    });

    test('have lost whole calls after a failover, and nothing of the others', async () => {
      if (faults === undefined) return;
      for (let after = 1; after <= SCRIPT.length; after++) {
        for (let lost = 1; lost < 6; lost++) {
          const world = await openWorld(open());
          for (const each of SCRIPT.slice(0, after)) await world.act(each);
          for (let shard = 0; shard < SHARDS; shard++)
            await world.act({ op: 'failover', n: 2 * lost + shard });
          await world.check();
          await world.settle();
          await world.check();
        }
      }
    });

    test('that are ready have all that their shard has, whatever fails over between two calls', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 60 }), async (actions) => {
          const fixture = open();
          const world = await openWorld(fixture);
          for (const each of actions) {
            await world.act(each);
            await world.check();
          }
          await world.settle();
          await world.check();
        }),
        { numRuns: 150 },
      );
    });
  });
}

const OPS = ['post', 'post', 'cut', 'cut', 'work', 'work', 'work', 'claim', 'cut stale'] as const;
const HOME_OPS = ['register', 'fill', 'fill', 'remove', 'failover', 'lose', 'tell'] as const;
const action = fc.record({ op: fc.constantFrom(...OPS, ...HOME_OPS), n: fc.nat(1_000) });

/** Everything that changes homes, in an order in which each call is followed by another. */
const DELIVERY = ['post', 'cut', 'work 0', 'work 1'];
const SCRIPT = [
  ...['post', 'register 0', 'register 1', 'register 2', 'fill 0', ...DELIVERY, 'fill 1', 'fill 2'],
  ...[...DELIVERY, 'claim', ...DELIVERY, 'remove 0', 'register 0', ...DELIVERY, 'fill 3', ...DELIVERY],
].map((line) => {
  const [op, n] = line.split(' ');
  return { op: op!, n: Number(n ?? 0) };
});

/** One author, whom each of the readers follows, and two stages that deliver what was posted. */
async function openWorld({ port, faults }: HomeTimelinesFixture) {
  let head = 0;
  const begin = () => ({ epoch: 1, marked: new Array<number>(SHARDS).fill(0), readThrough: 0 });
  let owner = begin();
  let former = owner;
  const logs = Array.from({ length: SHARDS }, (): SliceRecord[] => []);
  const fillings: { reader: UserId; token: string; upTo: number }[] = [];
  for (let shard = 0; shard < SHARDS; shard++) await port.dropShard({ shard, seen: null, next: eraAt(0) });

  function cutSome(by: typeof owner, to: number): void {
    const activities = [];
    for (let position = by.readThrough + 1; position <= to; position++) {
      const id = { position, activity: position, tweetId: position, actor: 9 };
      activities.push({ ...id, readers: Uint32Array.from(READERS) });
    }
    const batch = { source, epoch: by.epoch, activities, through: to, marked: by.marked };
    for (const record of cut({ shards: SHARDS, batches: [batch], tellAll: true }))
      logs[record.shard]!.push(record);
    by.marked = by.marked.map(() => to);
    by.readThrough = to;
  }
  async function work(shard: number): Promise<boolean> {
    const [now] = await port.positions({ shards: [shard] });
    if (now === null || now === undefined) {
      const next = { ...eraAt(head, owner.epoch), places: { small: logs[shard]!.length - 1, large: -1 } };
      await port.dropShard({ shard, seen: null, next });
      return true;
    }
    const place = now.state.places.small + 1;
    const record = logs[shard]![place];
    if (record === undefined) return false;
    const { state, deliver, behind } = applied(now.state, record, place);
    await port.deliver({ shard, expected: now.version, next: state, slices: deliver });
    for (const { through } of behind) {
      owner.readThrough = Math.min(owner.readThrough, through);
      owner.marked[shard] = Math.min(owner.marked[shard]!, through);
    }
    return true;
  }
  async function claim(): Promise<void> {
    const epoch = owner.epoch + 1;
    const begun: number[] = [];
    for (let shard = 0; shard < SHARDS; shard++) {
      const [now] = await port.positions({ shards: [shard] });
      if (now === null || now === undefined) continue;
      const claimed = claimedByOwner(now.state, source, epoch)!;
      await port.deliver({ shard, expected: now.version, next: claimed.state, slices: [] });
      begun.push(claimed.through);
    }
    former = owner;
    const lowest = Math.min(head, ...begun);
    owner = { epoch, marked: new Array<number>(SHARDS).fill(lowest), readThrough: lowest };
  }
  async function fillSome(n: number): Promise<void> {
    const { reader, token, upTo } = fillings[n % fillings.length]!;
    const ids = Float64Array.from({ length: upTo }, (_, i) => i + 1);
    await port.fill({ fillings: [{ reader, token, ids, floor: 0, digest: 1 }] });
  }

  return {
    async act({ op, n }: { op: string; n: number }) {
      const reader = READERS[n % READERS.length]!;
      if (op === 'post') head += 1;
      if (op === 'cut') cutSome(owner, Math.min(head, owner.readThrough + 1 + (n % 3)));
      if (op === 'tell') cutSome(owner, owner.readThrough);
      if (op === 'cut stale') cutSome(former, head);
      if (op === 'work') await work(n % SHARDS);
      if (op === 'claim') await claim();
      if (op === 'register') {
        const [token] = await port.register({ readers: [reader] });
        if (typeof token === 'string') fillings.push({ reader, token, upTo: head });
      }
      if (op === 'fill' && fillings.length > 0) await fillSome(n);
      if (op === 'remove') await port.remove({ readers: [reader] });
      if (op === 'failover') faults?.failover(n % SHARDS, (n >>> 1) % 6);
      if (op === 'lose') faults?.lose(n % SHARDS);
    },
    /** A ready home has everything through its shard's position. */
    async check() {
      const { homes, states } = await port.read({ readers: READERS, ...ALL });
      for (const [i, home] of homes.entries()) {
        if (home === null) continue;
        const through = states.get(homeShardOf(READERS[i]!, SHARDS))!.state.sources.get(KEY)!.through;
        for (let id = 1; id <= through; id++)
          assert.ok(home.ids.includes(id), `${id} of ${through} is missing`);
      }
    },
    /** With no further post all shards come to the head. */
    async settle() {
      for (let rounds = 0; rounds < 10; rounds++) {
        cutSome(owner, head);
        for (let shard = 0; shard < SHARDS; shard++) while (await work(shard));
      }
      for (const now of await port.positions({ shards: [0, 1] }))
        assert.equal(now!.state.sources.get(KEY)!.through, head);
    },
  };
}
