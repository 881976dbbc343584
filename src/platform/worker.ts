import type { Clock } from './clock.ts';

/**
 * Background work in bounded steps. Everything that happens without a request is a Worker, so that a simulation or a
 * test decides when each one runs.
 */
export interface Worker {
  name: string;
  /** Does one bounded piece of work. `true`: there may be more. Throws if the piece must be tried again. */
  step(): Promise<boolean>;
  /** How long it rests after a step without work, unless it is woken. */
  idle_ms: number;
  /** Whether it is woken when the log grows. Others only wake by `idle_ms`. */
  followsLog?: true;
}

/** Wakes resting workers. Only a hint: a lost one costs at most `idle_ms`. */
export interface Wakeup {
  wake(): void;
  wait(duration_ms: number, signal: AbortSignal): Promise<void>;
}

export function createWakeup(clock: Clock): Wakeup {
  let pending = false;
  let release: (() => void) | undefined;
  return {
    wake() {
      pending = true;
      release?.();
    },
    async wait(duration_ms, signal) {
      if (!pending && !signal.aborted) {
        const resting = new AbortController();
        const stop = () => resting.abort();
        release = stop;
        signal.addEventListener('abort', stop, { once: true });
        await clock.sleep(duration_ms, resting.signal);
        signal.removeEventListener('abort', stop);
        release = undefined;
      }
      pending = false;
    },
  };
}

export interface RunWorkerDeps {
  worker: Worker;
  clock: Clock;
  wakeup: Wakeup;
  signal: AbortSignal;
  onError: (error: unknown, worker: Worker) => void;
}

const MAX_ROUNDS = 100_000;

/** Steps workers in turn until all are idle. Throws after too many rounds. */
export async function processAll(workers: readonly Worker[]): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let isBusy = false;
    for (const worker of workers) isBusy = (await worker.step()) || isBusy;
    if (!isBusy) return;
  }
  throw new Error(`The workers were not idle after ${MAX_ROUNDS} rounds.`);
}

const RETRY_FIRST_MS = 50;
const MAX_RETRY_MS = 5_000;

/** Runs a worker until `signal` aborts. After an error it rests, twice as long each time, and goes on. */
export async function runWorker({ worker, clock, wakeup, signal, onError }: RunWorkerDeps): Promise<void> {
  let retry_ms = RETRY_FIRST_MS;
  while (!signal.aborted) {
    try {
      const more = await worker.step();
      retry_ms = RETRY_FIRST_MS;
      if (!more) await wakeup.wait(worker.idle_ms, signal);
      else await yieldToOthers();
    } catch (error) {
      onError(error, worker);
      await clock.sleep(retry_ms, signal);
      retry_ms = Math.min(retry_ms * 2, MAX_RETRY_MS);
    }
  }
}

/** Between two steps, yields the thread to sockets and other workers. */
export function yieldToOthers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
