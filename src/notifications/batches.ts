import { isWarbleError } from '#contract/errors.ts';
import { LIMITS } from '#contract/limits.ts';

/** Asks for many things in calls of at most `LIMITS.batch`; asks nothing for none. */
export async function inBatches<Key, Answer>(
  keys: readonly Key[],
  ask: (batch: Key[]) => Promise<Answer[]>,
): Promise<Answer[]> {
  if (keys.length === 0) return [];
  if (keys.length <= LIMITS.batch) return ask([...keys]);
  const answers: Answer[] = [];
  for (let start = 0; start < keys.length; start += LIMITS.batch) {
    answers.push(...(await ask(keys.slice(start, start + LIMITS.batch))));
  }
  return answers;
}

/** The answer of a service, or undefined where it is down just now (503). Any other error goes on. */
export async function unlessDown<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isWarbleError(error) && error.status === 503) return undefined;
    throw error;
  }
}
