/** How often a cache answered by itself. The cache counts, the metrics read. */
export interface CacheStats {
  hits: number;
  misses: number;
}

export function createCacheStats(): CacheStats {
  return { hits: 0, misses: 0 };
}

/** Counts lookups of `asked` things, of which `missing` had to be fetched. */
export function countLookups(stats: CacheStats | undefined, asked: number, missing: number): void {
  if (stats === undefined) return;
  stats.misses += missing;
  stats.hits += asked - missing;
}
