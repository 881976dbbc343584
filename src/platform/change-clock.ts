/**
 * Tells whether any of some things has changed since a moment, in one process. A store says what each of its commits
 * changed, in the very turn of that commit; the clock moves on by one and notes its time for each of those things. A
 * value that was read after time t holds as long as nothing that it was made of has a later time.
 *
 * This is the global version clock of TL2 with its table of versions (Dice, Shalev and Shavit, "Transactional Locking
 * II", DISC 2006): read the clock first, read the values, then see that no version is newer than the clock was.
 * The table is by a hash of the id: two things in one slot change for each other, so a look may say "changed" in vain,
 * and never "unchanged". With 65,536 slots and after 1,000 changes that is one id in 65.
 */

/**
 * Ids of what reads otherwise from now on; too many is only slower. `everything`: anything may. To be looked at in the
 * turn in which it is told.
 */
export type Changed = Iterable<number> | 'everything';

/**
 * What a store gives to whoever keeps what it said. A store has one for each kind of thing that its readers keep; the
 * ids are those of that kind.
 */
export interface ChangeSource {
  /**
   * Whether every change of the store goes through this very handle, so that its listeners hear of all. This is the one
   * place that says so: where it is false nothing is kept, and the same code asks the store each time.
   */
  readonly soleOwner: boolean;
  /**
   * Calls `listener` in the very turn in which reads begin to see a commit: before the commit is answered, and before
   * anybody can read its events. A read that begins after that turn sees the commit.
   */
  onChange(listener: (changed: Changed) => void): void;
}

/** For caches (`coherent-cache.ts`) alone: whoever took the time after a read would keep what a commit overtook. */
export interface ChangeClock {
  /** Whether it hears of every change: all its sources are of a sole owner. */
  readonly hearsAll: boolean;
  now(): number;
  /** It has not changed after that time. */
  unchanged(id: number, since: number): boolean;
  /** After the clock has moved on, in the same turn. */
  onChange(listener: (changed: Changed) => void): void;
}

export interface ChangeClockOptions {
  /** Rounded up to a power of two; 8 bytes each. */
  slots?: number;
}

const SLOTS = 65_536;

/** One clock over all sources that a cached value is made from. Their ids share its table. */
export function createChangeClock(
  sources: readonly [ChangeSource, ...ChangeSource[]],
  { slots = SLOTS }: ChangeClockOptions = {},
): ChangeClock {
  const bits = Math.max(1, Math.ceil(Math.log2(slots)));
  /** By slot: the time of the last change. Exact for 2^53 changes. */
  const times = new Float64Array(2 ** bits);
  const shift = 32 - bits;
  const listeners: ((changed: Changed) => void)[] = [];
  let time = 0;
  /** When everything changed last. */
  let everythingAt = 0;

  /** Both halves of the id, mixed: dense user ids and snowflakes of one moment spread alike. */
  function slotOf(id: number): number {
    const mixed = (id | 0) ^ Math.imul((id / 2 ** 32) | 0, 0x85ebca6b);
    return Math.imul(mixed, 0x9e3779b1) >>> shift;
  }
  function moveOn(changed: Changed): void {
    time += 1;
    if (changed === 'everything') everythingAt = time;
    else for (const id of changed) times[slotOf(id)] = time;
    for (const listener of listeners) listener(changed);
  }
  for (const source of sources) source.onChange(moveOn);

  return {
    hearsAll: sources.every(({ soleOwner }) => soleOwner),
    now: () => time,
    unchanged: (id, since) => everythingAt <= since && times[slotOf(id)]! <= since,
    onChange: (listener) => void listeners.push(listener),
  };
}

/** For what never changes once it is. */
export const IMMUTABLE: ChangeClock = {
  hearsAll: true,
  now: () => 0,
  unchanged: () => true,
  onChange: () => {},
};

/** Of a store in another process, which tells nothing. */
export const TELLS_NOTHING: ChangeSource = { soleOwner: false, onChange: () => {} };

export interface ChangeTeller extends ChangeSource {
  /** To be called in the turn that {@link ChangeSource.onChange} promises. */
  tell(changed: Changed): void;
}

/** A source for a store to tell its changes through. */
export function createChangeTeller({ soleOwner }: Pick<ChangeSource, 'soleOwner'>): ChangeTeller {
  const listeners: ((changed: Changed) => void)[] = [];
  return {
    soleOwner,
    onChange: (listener) => void listeners.push(listener),
    tell(changed) {
      for (const listener of listeners) listener(changed);
    },
  };
}
