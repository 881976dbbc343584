/**
 * Verifies that a copy of a data directory is complete, by opening it; in a thread of its own, as it reads everything.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { WarbleError } from '#domain/errors.ts';

/** Throws unavailable with what is wrong, or AbortError when `signal` aborts. Does not change the copy. */
export async function verifyCopy(directory: string, signal: AbortSignal): Promise<void> {
  const thread = new Worker(new URL('./verify-thread.ts', import.meta.url), { workerData: { directory } });
  try {
    const [fault] = (await once(thread, 'message', { signal })) as [string | null];
    if (fault === null) return;
    throw new WarbleError('unavailable', `The copy is not whole: ${fault}; nothing of it was kept.`);
  } finally {
    await thread.terminate();
  }
}
