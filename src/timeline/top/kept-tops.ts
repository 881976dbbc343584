import { LIMITS } from '#domain/limits.ts';
import { inBatches } from '#platform/batches.ts';
import { createTopKIndex, type TopKIndex, type TopKIndexSize } from './top-k-index.ts';
import type { KeptTop, TopListsStore } from './top-lists-store.ts';

/** Restores a kept index, with the likes and followers that its tweets have now. */
export async function topKIndexOf(
  store: Pick<TopListsStore, 'rows' | 'facts'>,
  { tweets, floor }: KeptTop,
  size: TopKIndexSize,
): Promise<TopKIndex> {
  const index = createTopKIndex(size);
  if (floor !== null) index.raiseFloor(floor);
  const authors = [...new Set(tweets.map(({ author }) => author))];
  const facts = await inBatches(authors, LIMITS.batch, (some) => store.facts({ authors: some }));
  const factsOf = new Map(facts.map((author) => [author.author, author]));
  for (const row of await inBatches(tweets, LIMITS.batch, (some) => store.rows({ tweets: some }))) {
    const author = factsOf.get(row.author);
    if (author !== undefined) index.offer(row, author);
  }
  return index;
}
