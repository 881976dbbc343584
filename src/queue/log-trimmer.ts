import { PARTITIONS, TOPICS, type Topic } from '#domain/events.ts';
import type { Worker } from '#platform/worker.ts';
import type { Log } from './log.ts';

/** A consumer of the log: a view, or fan-out. */
export interface LogReader {
  /** The last position processed in each partition (index); undefined: this reader does not read the topic. */
  processedPositions(topic: Topic): Promise<number[] | undefined>;
}

export interface LogTrimmerDeps {
  log: Log;
  /** All readers of the log. */
  readers: readonly LogReader[];
  /** Records per partition that are kept although every reader has processed them, for investigations. */
  keep?: number;
}

const KEEP = 10_000;
const MAX_TRIM = 1_000;
const IDLE_MS = 60_000;

/** Deletes, in bounded steps, the records that every reader has processed, so that the log does not grow for ever. */
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
