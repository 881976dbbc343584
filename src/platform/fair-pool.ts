import { WarbleError } from '#domain/errors.ts';

/** A part of a pool, for work up to some weight. Heavier work goes to the next lane and never delays this one. */
export interface Lane {
  /** The heaviest work that this lane takes. */
  upTo: number;
  /** The most weight that runs in it at once. Work heavier than that runs in it alone. */
  capacity: number;
}

export interface FairPoolDeps {
  /** From light to heavy. The last one takes all other work. */
  lanes: readonly Lane[];
  /** The least that a piece of work counts for, which bounds how many run at once. */
  minWeight: number;
  /** The most pieces that may wait or run, for one key and in all; one more is refused. */
  maxPerKey: number;
  max: number;
  /** The message of a refusal. */
  refusal: string;
}

export interface FairPool<Key> {
  /**
   * Runs `work` when its turn comes. Keys take turns in order of arrival, and only one piece of a key runs at a time.
   * Rejects with the reason of `signal` if it aborts before the turn comes. Throws `rate_limited` if too many pieces
   * of this key wait, `overloaded` if too many wait in all. Then the key with the most pieces loses its newest one to a
   * key that would have fewer, so that a few keys cannot keep all others out.
   */
  run<T>(
    piece: { key: Key; weight: number; signal?: AbortSignal | undefined },
    work: () => Promise<T>,
  ): Promise<T>;
}

interface Entry<Key> {
  key: Key;
  weight: number;
  lane: LaneState<Key>;
  start(): void;
  /** Leaves the pool and rejects, before the turn has come. */
  turnAway(reason: unknown): void;
}
interface LaneState<Key> extends Lane {
  used: number;
  /** The first piece of each key, until it begins. */
  queue: Entry<Key>[];
}

/** Shares costly work fairly among keys, so that one key's work never waits for all the work of another. */
export function createFairPool<Key>({
  lanes,
  minWeight,
  maxPerKey,
  max,
  refusal,
}: FairPoolDeps): FairPool<Key> {
  const states = lanes.map((lane): LaneState<Key> => ({ ...lane, used: 0, queue: [] }));
  /** The pieces of each key. The first runs or is in its lane's queue; the others wait for it. */
  const pieces = new Map<Key, Entry<Key>[]>();
  let count = 0;

  function laneFor(weight: number): LaneState<Key> {
    return states.find(({ upTo }) => weight <= upTo) ?? states.at(-1)!;
  }

  function startWhatFits(lane: LaneState<Key>): void {
    for (;;) {
      const next = lane.queue[0];
      if (next === undefined || (lane.used > 0 && lane.used + next.weight > lane.capacity)) return;
      lane.queue.shift();
      lane.used += next.weight;
      next.start();
    }
  }

  function queueUp(entry: Entry<Key>): void {
    entry.lane.queue.push(entry);
    startWhatFits(entry.lane);
  }

  function join(entry: Entry<Key>): void {
    count += 1;
    const mine = pieces.get(entry.key);
    if (mine !== undefined) mine.push(entry);
    else {
      pieces.set(entry.key, [entry]);
      queueUp(entry);
    }
  }

  function leave(entry: Entry<Key>): void {
    count -= 1;
    const mine = pieces.get(entry.key)!;
    const wasFirst = mine[0] === entry;
    mine.splice(mine.indexOf(entry), 1);
    if (mine.length === 0) pieces.delete(entry.key);
    else if (wasFirst) queueUp(mine[0]!);
  }

  function giveUp(entry: Entry<Key>): void {
    const at = entry.lane.queue.indexOf(entry);
    if (at >= 0) entry.lane.queue.splice(at, 1);
    leave(entry);
    startWhatFits(entry.lane);
  }

  function turn(key: Key, weight: number, signal: AbortSignal | undefined): Promise<Entry<Key>> {
    return new Promise((resolve, reject) => {
      const stop = () => entry.turnAway(signal!.reason);
      const entry: Entry<Key> = {
        key,
        weight,
        lane: laneFor(weight),
        start() {
          signal?.removeEventListener('abort', stop);
          resolve(entry);
        },
        turnAway(reason) {
          signal?.removeEventListener('abort', stop);
          giveUp(entry);
          reject(reason);
        },
      };
      signal?.addEventListener('abort', stop, { once: true });
      join(entry);
    });
  }

  /** Takes a place for a key that has `waiting` pieces from the key with the most. False: no key has two more. */
  function makeRoom(waiting: number): boolean {
    let most: Entry<Key>[] = [];
    for (const list of pieces.values()) if (list.length > most.length) most = list;
    if (most.length < waiting + 2) return false;
    // The first one runs or is next, and there are at least two.
    most.at(-1)!.turnAway(new WarbleError('overloaded', refusal));
    return true;
  }

  return {
    async run({ key, weight, signal }, work) {
      signal?.throwIfAborted();
      const waiting = pieces.get(key)?.length ?? 0;
      if (waiting >= maxPerKey) throw new WarbleError('rate_limited', refusal, { retryAfter_s: 1 });
      if (count >= max && !makeRoom(waiting)) throw new WarbleError('overloaded', refusal);
      const entry = await turn(key, Math.max(weight, minWeight), signal);
      try {
        return await work();
      } finally {
        entry.lane.used -= entry.weight;
        leave(entry);
        startWhatFits(entry.lane);
      }
    },
  };
}
