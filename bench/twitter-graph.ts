import type { Random } from '#platform/random.ts';

export interface BulkGraph {
  users: number;
  /** Followers of each user (numbers from 0), sorted, each once. */
  followers: Uint32Array[];
}

/** Followers fall with rank to this power: the most followed of 200,000 users has some 3% of all as followers. */
const TAIL = 0.65;

/**
 * A graph with a Twitter-like tail: how many follow somebody falls as a power of their rank (a few have ten thousands,
 * the median a dozen), whom they are is drawn evenly. About `follows` edges.
 */
export function twitterLikeGraph(users: number, follows: number, random: Random): BulkGraph {
  const weights = Float64Array.from({ length: users }, (_, rank) => (rank + 10) ** -TAIL);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const followers = Array.from(weights, (weight) => {
    const wanted = Math.min(users / 2, Math.round((weight / total) * follows));
    const chosen = new Set<number>();
    while (chosen.size < wanted) chosen.add(random.integer(users));
    return Uint32Array.from(chosen).sort();
  });
  return { users, followers };
}
