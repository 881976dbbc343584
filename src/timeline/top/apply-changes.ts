import type { TweetId, UserId } from '#domain/ids.ts';
import type { TopKIndex } from './top-k-index.ts';
import type { AuthorFacts, AuthorTop, TopListsStore } from './top-lists-store.ts';

export interface Changes {
  tweets: { author: UserId; tweetId: TweetId }[];
  authors: UserId[];
}

/** An index to bring up to date, with the start of its window and how many tweets it keeps. */
export interface ChangedSet {
  index: TopKIndex;
  windowStart: TweetId;
  kept: number;
}

/** Authors per call; each may have thousands of tweets. */
const MAX_AUTHORS_PER_CALL = 50;

/** Reads what changed and brings every index up to date. */
export async function applyChanges(request: {
  store: TopListsStore;
  changes: Changes;
  sets: ChangedSet[];
}): Promise<void> {
  const { store, changes, sets } = request;
  const authors = new Set(changes.authors);
  for (const { author } of changes.tweets) authors.add(author);
  const [rows, facts] = await Promise.all([
    store.rows({ tweets: changes.tweets }),
    store.facts({ authors: [...authors] }),
  ]);
  const factsOf = new Map(facts.map((author) => [author.author, author]));
  for (const set of sets) {
    const { index, windowStart } = set;
    const missing = byLeastLikes(index, facts);
    for (const { tweetId } of changes.tweets) index.remove(tweetId);
    for (const row of rows) {
      const author = factsOf.get(row.author);
      if (author !== undefined && row.tweetId >= windowStart) index.offer(row, author);
    }
    for (const [atLeastLikes, some] of missing) await offerTops(store, set, some, atLeastLikes);
    for (const author of facts) index.learn(author);
    if (index.full()) index.best(windowStart);
  }
}

/** The authors with missing rows, by the fewest likes that such a row has. Most authors have none. */
function byLeastLikes(index: TopKIndex, facts: AuthorFacts[]): Map<number, AuthorFacts[]> {
  const groups = new Map<number, AuthorFacts[]>();
  for (const author of facts) {
    const atLeastLikes = index.missing(author);
    if (atLeastLikes === null) continue;
    const group = groups.get(atLeastLikes);
    if (group === undefined) groups.set(atLeastLikes, [author]);
    else group.push(author);
  }
  return groups;
}

async function offerTops(
  store: TopListsStore,
  { index, windowStart, kept }: ChangedSet,
  authors: AuthorFacts[],
  atLeastLikes: number,
): Promise<void> {
  for (let start = 0; start < authors.length; start += MAX_AUTHORS_PER_CALL) {
    const batch = authors.slice(start, start + MAX_AUTHORS_PER_CALL);
    const tops = await store.authorTops({
      authors: batch.map(({ author }) => ({ author, below: null })),
      atLeast: windowStart,
      atLeastLikes,
      limit: kept,
    });
    for (const [i, top] of tops.entries()) offerTop(index, top, batch[i]!);
  }
}

function offerTop(index: TopKIndex, { tweetIds, likes, truncated }: AuthorTop, facts: AuthorFacts): void {
  for (let i = 0; i < tweetIds.length; i++) {
    index.offer({ tweetId: tweetIds[i]!, author: facts.author, likes: likes[i]! }, facts);
  }
  if (!truncated) return;
  // The author's further tweets are unknown, so nothing below the last of these counts as held.
  index.raiseFloor({ likes: likes.at(-1)!, followers: facts.followers, tweetId: tweetIds.at(-1)! });
}
