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
import type { Changed, ChangeSource } from './change-source.ts';

/** The coherent cache alone may have one: whoever took the time after a read would keep what a commit overtook. */
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
  /** By slot: the time of the last change. Exact for 2^53 changes. Made with the first: many things never change. */
  let times: Float64Array | undefined;
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
    else {
      times ??= new Float64Array(2 ** bits);
      for (const id of changed) times[slotOf(id)] = time;
    }
    for (const listener of listeners) listener(changed);
  }
  for (const source of sources) source.onChange(moveOn);

  return {
    hearsAll: sources.every(({ soleOwner }) => soleOwner),
    now: () => time,
    unchanged: (id, since) => everythingAt <= since && (times === undefined || times[slotOf(id)]! <= since),
    onChange: (listener) => void listeners.push(listener),
  };
}
