import { PARTITIONS, TOPICS, type Topic } from '#domain/events.ts';
import type { Worker } from '#platform/worker.ts';
import type { Log } from './log.ts';

/** Somebody who folds the log. */
export interface LogReader {
  /** Through which position of each partition (index); undefined: does not read that topic. */
  processedPositions(topic: Topic): Promise<number[] | undefined>;
}

export interface LogTrimmerDeps {
  log: Log;
  /** All of them. */
  readers: readonly LogReader[];
  /** Records per partition that stay though all have folded them, for those who look into what happened. */
  keep?: number;
}

const KEEP = 10_000;
const MAX_TRIM = 1_000;
const IDLE_MS = 60_000;

/** Forgets, in bounded steps, the records that every reader has passed, so that the log does not grow for ever. */
export function createLogTrimmer({ log, readers, keep = KEEP }: LogTrimmerDeps): Worker {
  async function passedByAll(topic: Topic): Promise<number[]> {
    const { end } = await log.range({ topic });
    const processed = await Promise.all(readers.map((reader) => reader.processedPositions(topic)));
    return end.map((last, partition) =>
      Math.min(last, ...processed.filter((positions) => positions !== undefined).map((at) => at[partition]!)),
    );
  }

  async function trimTopic(topic: Topic): Promise<boolean> {
    const [passed, { start }] = await Promise.all([passedByAll(topic), log.range({ topic })]);
    let more = false;
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const through = passed[partition]! - keep;
      if (through <= start[partition]!) continue;
      more = (await log.trim({ topic, partition, through, limit: MAX_TRIM })) || more;
    }
    return more;
  }

  return {
    name: 'log-trimmer',
    idle_ms: IDLE_MS,
    async step() {
      let more = false;
      for (const topic of TOPICS) more = (await trimTopic(topic)) || more;
      return more;
    },
  };
}
