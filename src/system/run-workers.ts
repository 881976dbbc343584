import type { Clock } from '#platform/clock.ts';
import { createWakeup, runWorker, type Worker } from '#platform/worker.ts';
import type { Log } from '#queue/log.ts';

export interface RunningWorkers {
  /** Lets every worker finish its present step, and starts no other. */
  stop(): Promise<void>;
}

export interface RunWorkersDeps {
  workers: readonly Worker[];
  log: Log;
  clock: Clock;
  onError: (error: unknown, worker: Worker) => void;
}

/** Runs workers concurrently until they are stopped. */
export function runWorkers({ workers, log, clock, onError }: RunWorkersDeps): RunningWorkers {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loops = workers.map((worker) => {
    const wakeup = createWakeup(clock);
    if (worker.followsLog) log.onAppend(() => wakeup.wake());
    return runWorker({ worker, clock, wakeup, signal, onError });
  });
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}
