import { LIMITS } from '#domain/limits.ts';
import { inBatches } from '#platform/batches.ts';
import { createLeaders, type Leaders, type LeadersSize } from './top-k-index.ts';
import type { KeptTop, TopListsStore } from './top-lists-store.ts';

/** Leaders from what was kept of them, with the likes and followers that they have now. */
export async function leadersOf(
  store: Pick<TopListsStore, 'rows' | 'facts'>,
  { tweets, floor }: KeptTop,
  size: LeadersSize,
): Promise<Leaders> {
  const leaders = createLeaders(size);
  if (floor !== null) leaders.raiseFloor(floor);
  const authors = [...new Set(tweets.map(({ author }) => author))];
  const facts = await inBatches(authors, LIMITS.batch, (some) => store.facts({ authors: some }));
  const factsOf = new Map(facts.map((author) => [author.author, author]));
  for (const row of await inBatches(tweets, LIMITS.batch, (some) => store.rows({ tweets: some }))) {
    const author = factsOf.get(row.author);
    if (author !== undefined) leaders.offer(row, author);
  }
  return leaders;
}
