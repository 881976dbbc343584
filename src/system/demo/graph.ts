/** The follow graph of a demo: a real one from a file, or a generated one with a heavy tail like Twitter's. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Random } from '#platform/random.ts';
import { ConfigError } from '../config-error.ts';

/**
 * `users` are numbered from 0. Edge i says that `from[i]` follows `to[i]`; each pair occurs once, and nobody follows
 * themselves.
 */
export interface Graph {
  users: number;
  from: Uint32Array;
  to: Uint32Array;
}

const MAX_EDGES = 20_000_000;

/**
 * Reads an edge list as SNAP and Network Repository publish them: lines `a b` or `a,b` (`a` follows `b`), of which
 * further columns are ignored, and comments with # or %. `undirected`: every line counts both ways. Throws
 * ConfigError.
 */
export async function readGraph(file: string, undirected: boolean): Promise<Graph> {
  const numbers = new Map<string, number>();
  const pairs = new Set<number>();
  const numberOf = (name: string) => {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, numbers.size);
    return numbers.size - 1;
  };
  let lineNumber = 0;
  try {
    for await (const line of createInterface({
      input: createReadStream(file),
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      lineNumber++;
      const text = line.trim();
      if (text === '' || text.startsWith('#') || text.startsWith('%')) continue;
      const [a, b] = text.split(/[\s,]+/);
      if (a === undefined || b === undefined) {
        throw new ConfigError(
          `--graph ${file}, line ${lineNumber}: an edge is two names, as "12 34" or "12,34".`,
        );
      }
      const [from, to] = [numberOf(a), numberOf(b)];
      if (from === to) continue;
      pairs.add(from * 2 ** 26 + to);
      if (undirected) pairs.add(to * 2 ** 26 + from);
      if (pairs.size > MAX_EDGES) {
        throw new ConfigError(`--graph ${file} has more than ${MAX_EDGES} edges; give a smaller one.`);
      }
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`--graph ${file} cannot be read: ${(error as Error).message}.`);
  }
  return graphOf(numbers.size, pairs);
}

/**
 * Generates a graph whose follower counts have a heavy tail: three of four new follows go to the followee of an
 * earlier one (preferential attachment), the others to any user.
 */
export function generateGraph(users: number, meanFollows: number, random: Random): Graph {
  const pairs = new Set<number>();
  const targets: number[] = [];
  const wanted = Math.min(users * meanFollows, (users * (users - 1)) / 4);
  while (pairs.size < wanted) {
    const from = random.integer(users);
    const popular = targets.length > 0 && random.integer(4) > 0;
    const to = popular ? targets[random.integer(targets.length)]! : random.integer(users);
    const pair = from * 2 ** 26 + to;
    if (from === to || pairs.has(pair)) continue;
    pairs.add(pair);
    targets.push(to);
  }
  return graphOf(users, pairs);
}

function graphOf(users: number, pairs: Set<number>): Graph {
  const graph: Graph = { users, from: new Uint32Array(pairs.size), to: new Uint32Array(pairs.size) };
  let index = 0;
  for (const pair of pairs) {
    graph.from[index] = Math.floor(pair / 2 ** 26);
    graph.to[index++] = pair % 2 ** 26;
  }
  return graph;
}

/** The followers of each user. */
export function followersIn({ users, from, to }: Graph): number[][] {
  const followers: number[][] = Array.from({ length: users }, () => []);
  for (let i = 0; i < from.length; i++) followers[to[i]!]!.push(from[i]!);
  return followers;
}
