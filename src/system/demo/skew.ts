import type { Random } from '#platform/random.ts';

/** Draws indexes with the probability of their weights. */
export type Draw = () => number;

/** Draws in proportion to `weights`, by bisection of their running sum. */
export function weightedDraw(weights: readonly number[], random: Random): Draw {
  const sums = new Float64Array(weights.length);
  let total = 0;
  for (const [index, weight] of weights.entries()) {
    total += weight;
    sums[index] = total;
  }
  return () => {
    const at = random.next() * total;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! > at) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/**
 * The share of users who write almost everything, and what they write of it (Pew Research Center, 2021: 25% and 97%).
 */
export const ACTIVE_USERS = 0.25;
export const ACTIVE_SHARE = 0.97;

/**
 * How much each user writes, by Zipf's law: the most followed quarter writes 97%, and the others share the rest.
 */
export function activityWeights(followers: readonly number[]): number[] {
  const order = followers.map((_, user) => user).sort((a, b) => followers[b]! - followers[a]! || a - b);
  const active = Math.max(1, Math.round(order.length * ACTIVE_USERS));
  const zipf = order.slice(0, active).map((_, rank) => 1 / (rank + 3));
  const zipfSum = zipf.reduce((sum, weight) => sum + weight, 0);
  const weights = new Array<number>(followers.length).fill(0);
  for (const [rank, user] of order.entries()) {
    weights[user] =
      rank < active
        ? (ACTIVE_SHARE * zipf[rank]!) / zipfSum
        : (1 - ACTIVE_SHARE) / Math.max(1, order.length - active);
  }
  return weights;
}

/** A tweet's appeal: Pareto with exponent 1.5, so that few tweets get most of the likes. */
export function appeal(random: Random): number {
  return (1 - random.next()) ** (-1 / 1.5);
}
