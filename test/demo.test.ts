import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createSeededRandom } from '#platform/random.ts';
import { takeDataDirectory } from '#system/data-directory.ts';
import { fillCommunity } from '#system/demo/fill.ts';
import { followersIn, generateGraph, readGraph } from '#system/demo/graph.ts';
import { planCommunity } from '#system/demo/plan.ts';
import { ACTIVE_SHARE, activityWeights } from '#system/demo/skew.ts';

describe('the demo', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'warble-demo-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function graphFile(text: string): string {
    const file = join(directory, 'graph.txt');
    writeFileSync(file, text);
    return file;
  }

  test('every home and top list of a community is what a plain computation over the same data says', async () => {
    const options = { undirected: false, users: 50, tweets: 300, seed: 3, check: true };
    const data = takeDataDirectory(join(directory, 'data'));
    // Throws where one is not.
    const mark = await fillCommunity(data, { graph: null, ...options });
    data.release();
    assert.equal(mark.people, 50);
  });

  test('takes the follows from an edge list, with comments and either separator, each pair once', async () => {
    const file = graphFile('# SNAP\n% Network Repository\n\n1 2\n2,3\n1\t2\n3 3\n2 1 0.5\n');
    const directed = await readGraph(file, false);
    const named = Array.from(directed.from, (from, i) => [from, directed.to[i]]);
    assert.deepEqual(
      [directed.users, named],
      [
        3,
        [
          [0, 1],
          [1, 2],
          [1, 0],
        ],
      ],
    );
    assert.equal((await readGraph(file, true)).from.length, 4);
  });

  test('says which line of a graph is wrong, and which file is not there', async () => {
    await assert.rejects(readGraph(graphFile('1 2\n3\n'), false), /line 2: an edge is two names/);
    await assert.rejects(readGraph(join(directory, 'nowhere'), false), /cannot be read/);
  });

  test('popularity and activity are skewed as on Twitter, and the same seed makes the same week', () => {
    const make = () => generateGraph(400, 20, createSeededRandom(5));
    const graph = make();
    const counts = followersIn(graph).map((list) => list.length);
    const sorted = [...counts].sort((a, b) => b - a);
    const median = sorted[sorted.length / 2]!;
    assert.ok(sorted[0]! > 5 * median, `the most followed has ${sorted[0]}, the median user ${median}`);
    const weights = activityWeights(counts).sort((a, b) => b - a);
    const quarter = weights.slice(0, 100).reduce((sum, weight) => sum + weight, 0);
    assert.ok(Math.abs(quarter - ACTIVE_SHARE) < 0.01);

    const size = { tweets: 200, likes: 800, comments: 100, reposts: 80 };
    const span = { start_ms: 0, end_ms: 7 * 86_400_000 };
    const plan = () => planCommunity(make(), size, span, createSeededRandom(6));
    const acts = plan();
    assert.deepEqual(acts, plan());
    assert.ok(acts.every((act, i) => act.time >= (acts[i - 1]?.time ?? 0) && act.time < span.end_ms));
  });
});
