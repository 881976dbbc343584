import type { Random } from '#platform/random.ts';

export interface BulkGraph {
  users: number;
  /** Followers of each user (numbers from 0), sorted, each once. */
  followers: Uint32Array[];
}

/** Follower counts fall with rank to this power: the most followed of 200,000 users is followed by some 3% of all. */
const TAIL = 0.65;

/**
 * A graph with a Twitter-like tail and about `follows` edges: follower counts fall as a power of rank (a few users have
 * tens of thousands, the median a dozen), and the followers are drawn evenly.
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
