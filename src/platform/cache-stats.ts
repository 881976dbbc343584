/** How often a cache answered by itself; its owner counts, the metrics read. */
export interface CacheUse {
  hits: number;
  misses: number;
}

export function createCacheUse(): CacheUse {
  return { hits: 0, misses: 0 };
}

/** Notes look-ups of `asked` things, of which `missing` had to be fetched. */
export function noteUse(use: CacheUse | undefined, asked: number, missing: number): void {
  if (use === undefined) return;
  use.misses += missing;
  use.hits += asked - missing;
}
