/** How many of something each key holds now. A key that holds none takes no memory. */
export interface Counters<Key> {
  of(key: Key): number;
  take(key: Key): void;
  /** Gives back one that was taken. */
  free(key: Key): void;
}

export function createCounters<Key>(): Counters<Key> {
  const taken = new Map<Key, number>();
  return {
    of: (key) => taken.get(key) ?? 0,
    take(key) {
      taken.set(key, (taken.get(key) ?? 0) + 1);
    },
    free(key) {
      const left = taken.get(key)! - 1;
      if (left === 0) taken.delete(key);
      else taken.set(key, left);
    },
  };
}
