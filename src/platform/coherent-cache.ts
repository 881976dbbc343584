/**
 * The one cache for what a store said: it never answers with what the store would not say any more.
 *
 * Three rules make it so, and a property test holds them against any interleaving of reads and commits:
 * - `fill` takes the time of the change clock itself, which nobody else has, before it lets anybody read. What is read
 *   in it is kept only if it has not changed since; a read that a commit overtook is used by whoever asked, and not
 *   kept. (So do the leases of Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013, 3.2.1: a deletion takes back
 *   the right to set. One clock in place of a token for each key makes a batch of a hundred cost one number.)
 * - What is kept under an id goes in the turn in which that id changes.
 * - A value that was made of other things too names them (`madeOf`), and each `get` asks the clock about them: nobody
 *   has to know what somebody is a part of.
 *
 * Where one of the sources does not tell of all changes nothing is kept, and the same code reads each time.
 */
import { LRUCache } from 'lru-cache';
import { type ChangeClock, createChangeClock } from './change-clock.ts';
import type { ChangeSource } from './change-source.ts';
import { createIdSlots } from './id-slots.ts';

/** Keeps a value, unless it was overtaken. May be called late, several times, or never. */
export type Keep<Key, Value> = (key: Key, value: Value) => void;

export interface CoherentCache<Key, Value> {
  /** What is kept, and still so. Shared by all callers: never to be changed. */
  get(key: Key): Value | undefined;
  /**
   * Calls `load`, and answers what it answers. All that a kept value is made of must be read after `load` was called.
   */
  fill<Result>(load: (keep: Keep<Key, Value>) => Result): Result;
}

interface Bounds {
  /** All that a value is made from tells of its changes here. */
  changes: readonly [ChangeSource, ...ChangeSource[]];
  /** Values; where they are weighed, their weights together. */
  max: number;
  /** Of the clock's table, as `createChangeClock` takes them. */
  clockSlots?: number;
}
interface Weighed<Value> {
  /** What a value takes of `max`. */
  weigh: (value: Value) => number;
}
interface MadeOf<Value> {
  /** Ids of what a value was made of; not its own key, where that is an id. */
  madeOf: (value: Value) => readonly number[];
}

/** A key that is a number is an id of those sources. Any other says nothing of what changes. */
export type CoherentCacheOptions<Key, Value> = Bounds &
  (Key extends number ? Partial<Weighed<Value> & MadeOf<Value>> : Weighed<Value> & MadeOf<Value>);

/** Where entries lie. */
interface Container<Key, Entry> {
  get(key: Key): Entry | undefined;
  set(key: Key, entry: Entry): unknown;
  delete(key: Key): unknown;
  clear(): void;
}

/** A value that was made of several things. */
interface Made<Value> {
  value: Value;
  parts: readonly number[];
  /** The clock's time before any of it was read. */
  asOf: number;
}

/**
 * Unweighed values lie in slots by id (`id-slots.ts`); weighed ones in an LRU cache, where one alone may not exceed
 * `max`.
 */
export function createCoherentCache<Key extends number | string, Value extends object>(
  options: CoherentCacheOptions<Key, Value>,
): CoherentCache<Key, Value> {
  const { changes, max, clockSlots, weigh, madeOf } = options;
  const clock = createChangeClock(changes, clockSlots === undefined ? {} : { slots: clockSlots });
  if (!clock.hearsAll) return { get: () => undefined, fill: (load) => load(() => {}) };
  return madeOf === undefined
    ? createPlain(clock, createContainer<Key, Value>({ max, weigh }))
    : createMade(
        clock,
        createContainer<Key, Made<Value>>({ max, weigh: weigh && (({ value }) => weigh(value)) }),
        madeOf,
      );
}

function createContainer<Key extends number | string, Entry extends object>({
  max,
  weigh,
}: {
  max: number;
  weigh: ((entry: Entry) => number) | undefined;
}): Container<Key, Entry> {
  if (weigh !== undefined) return new LRUCache<Key, Entry>({ maxSize: max, sizeCalculation: weigh });
  // Only ids may go unweighed.
  return createIdSlots<Entry>({ max }) as unknown as Container<Key, Entry>;
}

/** In the turn in which something changes. A key that is no id is nobody's, so it stays. */
function dropWhatChanges<Entry>(clock: ChangeClock, entries: Container<never, Entry>): void {
  clock.onChange((changed) => {
    if (changed === 'everything') entries.clear();
    else for (const id of changed) entries.delete(id as never);
  });
}

function createPlain<Key extends number | string, Value>(
  clock: ChangeClock,
  values: Container<Key, Value>,
): CoherentCache<Key, Value> {
  dropWhatChanges(clock, values);
  return {
    get: (key) => values.get(key),
    fill(load) {
      const asOf = clock.now();
      return load((key, value) => {
        if (holds(clock, key, [], asOf)) values.set(key, value);
      });
    },
  };
}

function createMade<Key extends number | string, Value>(
  clock: ChangeClock,
  entries: Container<Key, Made<Value>>,
  madeOf: (value: Value) => readonly number[],
): CoherentCache<Key, Value> {
  dropWhatChanges(clock, entries);
  return {
    get(key) {
      const entry = entries.get(key);
      return entry !== undefined && allUnchanged(clock, entry.parts, entry.asOf) ? entry.value : undefined;
    },
    fill(load) {
      const asOf = clock.now();
      return load((key, value) => {
        const parts = madeOf(value);
        if (holds(clock, key, parts, asOf)) entries.set(key, { value, parts, asOf });
      });
    },
  };
}

/** Neither what a key stands for nor any part has changed since. */
function holds(clock: ChangeClock, key: number | string, parts: readonly number[], asOf: number): boolean {
  return (typeof key !== 'number' || clock.unchanged(key, asOf)) && allUnchanged(clock, parts, asOf);
}

function allUnchanged(clock: ChangeClock, ids: readonly number[], since: number): boolean {
  for (let i = 0; i < ids.length; i++) if (!clock.unchanged(ids[i]!, since)) return false;
  return true;
}
