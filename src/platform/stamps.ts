/**
 * Tells whether any of some things changed since a moment, in one process: each change leaves a stamp, and whoever
 * keeps something made of many things looks whether all their stamps are older than what is kept. Cheaper than being
 * told what to drop, for which one would have to know who is made of what.
 *
 * Stamps stand in a table by a hash of the id: two things of one place stamp for each other, so a look may say
 * "changed" in vain, and never the other way: after 1,000 changes one id in 65, so one in nine of things made of seven.
 */
export interface Stamps {
  /** The moment now. Take it before the first read of what is to be kept. */
  now(): number;
  /** These change, in this very turn: before anybody is answered, and where other caches drop them. */
  touch(ids: Iterable<number>): void;
  /** None of these has changed after that moment. */
  unchanged(ids: readonly number[], since: number): boolean;
}

const PLACES = 2 ** 16;

export function createStamps(): Stamps {
  /** By place: the moment of the last change. Counts stay exact for 2^53 changes. */
  const stamps = new Float64Array(PLACES);
  let count = 0;

  return {
    now: () => count,
    touch(ids) {
      count++;
      for (const id of ids) stamps[placeOf(id)] = count;
    },
    unchanged(ids, since) {
      for (let i = 0; i < ids.length; i++) if (stamps[placeOf(ids[i]!)]! > since) return false;
      return true;
    },
  };
}

/** Both halves of the id, mixed: dense user ids and snowflakes of one moment spread alike. */
function placeOf(id: number): number {
  const mixed = (id | 0) ^ Math.imul((id / 2 ** 32) | 0, 0x85ebca6b);
  return Math.imul(mixed, 0x9e3779b1) >>> 16;
}
