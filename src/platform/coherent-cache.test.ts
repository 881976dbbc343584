import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type Changed,
  type ChangeSource,
  createChangeTeller,
  NEVER_CHANGES,
  TELLS_NOTHING,
} from './change-source.ts';
import { type CoherentCache, createCoherentCache, type Keep } from './coherent-cache.ts';

/** Things with versions; what is gone has none. A value is what a read of the thing and its parts brought. */
const IDS = [1, 2, 3, 4, 2 ** 44 + 5, 2 ** 44 + 6];
interface Value {
  id: number;
  /** Ids and versions of all that it was made of, its own first. */
  parts: [id: number, version: number][];
}

type Told = { changes: readonly [ChangeSource]; clockSlots: number };

interface Shape {
  name: string;
  /** What a value of this id is made of beside itself. */
  partsOf: (id: number) => number[];
  create: (told: Told) => CoherentCache<number, Value>;
  /** Whether all values have room. */
  isRoomy: boolean;
}

const alone = () => [];
const neighbours = (id: number) => [IDS[(IDS.indexOf(id) + 1) % IDS.length]!, IDS[0]!];
const madeOf = ({ parts }: Value) => parts.slice(1).map(([id]) => id);
const SHAPES: Shape[] = [
  {
    name: 'by id',
    partsOf: alone,
    create: (told) => createCoherentCache({ ...told, max: 4_096 }),
    isRoomy: true,
  },
  {
    name: 'by id, with room for few',
    partsOf: alone,
    create: (told) => createCoherentCache({ ...told, max: 2 }),
    isRoomy: false,
  },
  {
    name: 'weighed',
    partsOf: alone,
    create: (told) =>
      createCoherentCache<number, Value>({ ...told, max: 4, weigh: ({ id }) => 1 + (id % 2) }),
    isRoomy: false,
  },
  {
    name: 'made of several',
    partsOf: neighbours,
    create: (told) => createCoherentCache({ ...told, max: 4_096, madeOf }),
    isRoomy: true,
  },
  {
    name: 'made of several, weighed',
    partsOf: neighbours,
    create: (told) => createCoherentCache<number, Value>({ ...told, max: 600, weigh: () => 100, madeOf }),
    isRoomy: true,
  },
  {
    name: 'by a name',
    partsOf: neighbours,
    create(told) {
      const named = createCoherentCache<string, Value>({
        ...told,
        max: 6,
        weigh: () => 1,
        madeOf: ({ parts }) => parts.map(([id]) => id),
      });
      return {
        get: (id) => named.get(`of ${id}`),
        fill: (load) => named.fill((keep) => load((id, value) => keep(`of ${id}`, value))),
      };
    },
    isRoomy: true,
  },
];

type Act =
  | { type: 'commit'; changed: Changed; deletes: boolean }
  | { type: 'fill'; ids: number[]; keepsLate: boolean; fails: boolean };
const someIds = fc.uniqueArray(fc.constantFrom(...IDS), { minLength: 1, maxLength: 4 });
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('fill' as const),
      ids: someIds,
      keepsLate: fc.boolean(),
      fails: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ type: fc.constant('commit' as const), changed: someIds, deletes: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.constant({ type: 'commit', changed: 'everything', deletes: false } as const),
  },
);

/** A store whose reads come home whenever the scheduler lets them, and what it must never be said to have said. */
function createWorld(shape: Shape, scheduler: fc.Scheduler, slots: number) {
  const source = createChangeTeller({ soleOwner: true });
  const cache = shape.create({ changes: [source], clockSlots: slots });
  const versions = new Map(IDS.map((id) => [id, 1]));
  /** By id: how many commits have changed it. */
  const changes = new Map(IDS.map((id) => [id, 0]));
  const pause = () => scheduler.schedule(Promise.resolve());

  function now(id: number): Value | undefined {
    const parts = [id, ...shape.partsOf(id)].map((part) => [part, versions.get(part)] as const);
    if (parts.some(([, version]) => version === undefined)) return undefined;
    return { id, parts: parts as Value['parts'] };
  }
  function changesOf(id: number): number {
    return [id, ...shape.partsOf(id)].reduce((sum, part) => sum + changes.get(part)!, 0);
  }
  function requireCoherence(): void {
    for (const id of IDS) {
      const kept = cache.get(id);
      if (kept !== undefined) assert.deepEqual(kept, now(id), `what is kept of ${id}`);
    }
  }
  /** Each part is read at a moment of its own. */
  async function read(id: number): Promise<Value | undefined> {
    const parts: Value['parts'] = [];
    for (const part of [id, ...shape.partsOf(id)]) {
      const version = versions.get(part);
      if (version === undefined) return undefined;
      parts.push([part, version]);
      await pause();
    }
    return { id, parts };
  }
  async function load(
    { ids, keepsLate, fails }: Extract<Act, { type: 'fill' }>,
    keep: Keep<number, Value>,
  ): Promise<void> {
    const found: Value[] = [];
    for (const id of ids) {
      await pause();
      const value = await read(id);
      if (value === undefined) continue;
      if (keepsLate) found.push(value);
      else keep(id, value);
    }
    if (fails) throw new Error('the store is down');
    for (const value of found) keep(value.id, value);
  }
  async function fill(request: Extract<Act, { type: 'fill' }>): Promise<void> {
    const before = request.ids.map(changesOf);
    const failed = await cache
      .fill((keep) => load(request, keep))
      .then(
        () => false,
        () => true,
      );
    if (failed || !shape.isRoomy || slots < 4_096) return;
    for (const [at, id] of request.ids.entries()) {
      if (changesOf(id) === before[at]) assert.deepEqual(cache.get(id), now(id), `${id} was not overtaken`);
    }
  }
  /** Reads see it, and the source tells of it, in one turn. */
  function commit({ changed, deletes }: Extract<Act, { type: 'commit' }>): void {
    for (const id of changed === 'everything' ? IDS : changed) {
      changes.set(id, changes.get(id)! + 1);
      if (deletes) versions.delete(id);
      else versions.set(id, changes.get(id)! + 1);
    }
    source.tell(changed);
    requireCoherence();
  }

  return {
    requireCoherence,
    run: (request: Act) => (request.type === 'fill' ? fill(request) : pause().then(() => commit(request))),
  };
}

describe('a coherent cache', () => {
  for (const shape of SHAPES) {
    test(`${shape.name}: says only what is so, however reads and commits fall together`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.array(act, { minLength: 1, maxLength: 14 }),
          fc.constantFrom(2, 65_536),
          async (scheduler, acts, slots) => {
            const world = createWorld(shape, scheduler, slots);
            let isDone = false;
            const all = Promise.all(acts.map(world.run)).finally(() => {
              isDone = true;
            });
            // What goes on after an await goes on in a later microtask, and only then waits for its next turn.
            while (!isDone) {
              await (scheduler.count() > 0 ? scheduler.waitOne() : Promise.resolve());
              world.requireCoherence();
            }
            await all;
          },
        ),
        { numRuns: 400 },
      );
    });
  }

  test('keeps nothing where it does not hear of all changes, and reads each time', async () => {
    const cache = createCoherentCache<number, Value>({
      changes: [createChangeTeller({ soleOwner: true }), TELLS_NOTHING],
      max: 8,
    });
    const read = await cache.fill(async (keep) => {
      keep(1, { id: 1, parts: [] });
      return 'what the store said';
    });
    assert.equal(read, 'what the store said');
    assert.equal(cache.get(1), undefined);
  });

  test('keeps what never changes without a source', () => {
    const cache = createCoherentCache<number, Value>({ changes: [NEVER_CHANGES], max: 8 });
    const value: Value = { id: 1, parts: [] };
    cache.fill((keep) => keep(1, value));
    assert.equal(cache.get(1), value);
  });

  test('weighed, holds no more than its bound; what was used longest ago goes first', () => {
    const cache = createCoherentCache<number, { weight: number }>({
      changes: [NEVER_CHANGES],
      max: 10,
      weigh: ({ weight }) => weight,
    });
    cache.fill((keep) => {
      keep(1, { weight: 4 });
      keep(2, { weight: 4 });
      cache.get(1);
      keep(3, { weight: 4 });
      keep(4, { weight: 11 });
    });
    assert.deepEqual(
      [1, 2, 3, 4].map((id) => cache.get(id)?.weight),
      [4, undefined, 4, undefined],
    );
  });
});
