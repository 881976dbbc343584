import { isWarbleError } from '#contract/errors.ts';

/** The answer, or null where the service is down or too busy. Everything else is a fault and goes on. */
export async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isWarbleError(error) && error.status === 503) return null;
    throw error;
  }
}
