/**
 * Merges many authors' lists into one, best first, without looking further than it returns: a binary heap of the lists
 * by their next tweet.
 */
import type { TweetId, UserId } from '#domain/ids.ts';
import type { AuthorTop, AuthorTopPosition } from './top-lists-store.ts';

/** An author's list that ran out although there may be more of it: `extend` it before going on. */
export interface ExhaustedList {
  author: UserId;
  position: AuthorTopPosition;
}

export interface TopMerge {
  /** The next tweets, at most `count`; fewer at the end, or when a list is `exhausted`. */
  take(count: number): { tweetIds: TweetId[]; exhausted: ExhaustedList | null };
  /** Adds more tweets of the author whose list was exhausted. */
  extend(more: AuthorTop): void;
}

interface Cursor {
  top: AuthorTop;
  at: number;
}

/** `windowStart`: ids below it have left the window and are skipped. */
export function createTopMerge(tops: readonly AuthorTop[], windowStart: TweetId): TopMerge {
  const heap: Cursor[] = [];
  /** Lists that ran out although there may be more: normally none or few. */
  let exhausted: ExhaustedList | null = null;
  const waiting: ExhaustedList[] = [];

  /** Moves to the next tweet in the window; false: the list has run out. */
  function settle(cursor: Cursor): boolean {
    const { tweetIds, truncated, likes, author } = cursor.top;
    while (cursor.at < tweetIds.length && tweetIds[cursor.at]! < windowStart) cursor.at++;
    if (cursor.at < tweetIds.length) return true;
    if (truncated) waiting.push({ author, position: { likes: likes.at(-1)!, tweetId: tweetIds.at(-1)! } });
    return false;
  }

  for (const top of tops) {
    const cursor = { top, at: 0 };
    if (top.tweetIds.length > 0 && settle(cursor)) heap.push(cursor);
  }
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(heap, i);

  function advance(): void {
    const best = heap[0]!;
    best.at++;
    if (!settle(best)) {
      const last = heap.pop()!;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    sink(heap, 0);
  }

  return {
    take(count) {
      const tweetIds: TweetId[] = [];
      while (tweetIds.length < count) {
        exhausted ??= waiting.pop() ?? null;
        if (exhausted !== null || heap.length === 0) break;
        tweetIds.push(heap[0]!.top.tweetIds[heap[0]!.at]!);
        advance();
      }
      return { tweetIds, exhausted };
    },
    extend(more) {
      exhausted = null;
      const cursor = { top: more, at: 0 };
      if (more.tweetIds.length === 0 || !settle(cursor)) return;
      heap.push(cursor);
      rise(heap, heap.length - 1);
    },
  };
}

function above(a: Cursor, b: Cursor): boolean {
  const likes = a.top.likes[a.at]! - b.top.likes[b.at]!;
  if (likes !== 0) return likes > 0;
  const followers = a.top.followers - b.top.followers;
  if (followers !== 0) return followers > 0;
  return a.top.tweetIds[a.at]! > b.top.tweetIds[b.at]!;
}

function sink(heap: Cursor[], start: number): void {
  const moving = heap[start]!;
  let hole = start;
  for (;;) {
    let child = 2 * hole + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && above(heap[child + 1]!, heap[child]!)) child++;
    if (!above(heap[child]!, moving)) break;
    heap[hole] = heap[child]!;
    hole = child;
  }
  heap[hole] = moving;
}

function rise(heap: Cursor[], start: number): void {
  const moving = heap[start]!;
  let hole = start;
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    if (!above(moving, heap[parent]!)) break;
    heap[hole] = heap[parent]!;
    hole = parent;
  }
  heap[hole] = moving;
}
