import type { TweetId, UserId } from '#contract/ids.ts';
import type { Leaders } from './leaders.ts';
import type { AuthorFacts, TopListsStore } from './top-lists-store.ts';

export interface Changes {
  tweets: { author: UserId; tweetId: TweetId }[];
  authors: UserId[];
}

/** Leaders to bring up to date, with the edge of their window and how many they keep. */
export interface ChangedSet {
  leaders: Leaders;
  edge: TweetId;
  kept: number;
}

/** Authors per call, each of whom may bring thousands of tweets. */
const AUTHORS_AT_ONCE = 50;

/** Reads what changed and brings every set up to date with it. */
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
    const { leaders, edge } = set;
    const news = facts.filter((author) => !leaders.knows(author));
    for (const { tweetId } of changes.tweets) leaders.remove(tweetId);
    for (const row of rows) {
      const author = factsOf.get(row.author);
      if (author !== undefined && row.tweetId >= edge) leaders.offer(row, author);
    }
    await bringIn(
      store,
      set,
      news.filter((author) => author.listed),
    );
    for (const author of news) leaders.learn(author);
    if (leaders.full()) leaders.best(edge);
  }
}

/**
 * An author who is new here, or whose followers changed, may bring in tweets that stood below the floor. What has
 * more likes than the floor is in whatever its followers, unless the author was not listed; what has as many is in
 * only if the followers reach the floor's; what has fewer is not. So for most authors this reads no row.
 */
async function bringIn(store: TopListsStore, set: ChangedSet, authors: AuthorFacts[]): Promise<void> {
  const { leaders, edge, kept } = set;
  const floor = leaders.floor();
  const level = floor?.likes ?? 0;
  const reach = (author: AuthorFacts) => floor === null || author.followers >= floor.followers;
  await offerTops(authors.filter(reach), level);
  await offerTops(
    authors.filter((author) => !reach(author)),
    level + 1,
  );

  async function offerTops(some: AuthorFacts[], atLeastLikes: number): Promise<void> {
    for (let start = 0; start < some.length; start += AUTHORS_AT_ONCE) {
      const batch = some.slice(start, start + AUTHORS_AT_ONCE);
      const tops = await store.authorTops({
        authors: batch.map(({ author }) => ({ author, below: null })),
        atLeast: edge,
        atLeastLikes,
        limit: kept,
      });
      for (const [index, top] of tops.entries()) {
        const facts = batch[index]!;
        for (let i = 0; i < top.tweetIds.length; i++) {
          leaders.offer({ tweetId: top.tweetIds[i]!, author: top.author, likes: top.likes[i]! }, facts);
        }
        // Of this author's further tweets nothing is known: below the last of these, nothing counts as held.
        if (top.truncated) {
          const likes = top.likes.at(-1)!;
          leaders.raiseFloor({ likes, followers: facts.followers, tweetId: top.tweetIds.at(-1)! });
        }
      }
    }
  }
}
