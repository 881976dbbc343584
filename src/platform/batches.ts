/**
 * Asks for many things through a call that takes at most `size` of them; asks nothing for none. Answers come batch
 * after batch, each in the order in which it was given.
 *
 * One batch after the other, whoever asks: a page fits into one nearly always, and where it does not a second round
 * trip is cheaper than the thousands of keys of a fold let loose on a store at once (promise 6: everything has a
 * bound). Nor is any batch asked for after one that failed.
 */
export async function inBatches<Key, Answer>(
  keys: readonly Key[],
  size: number,
  ask: (batch: Key[]) => Promise<Answer[]>,
): Promise<Answer[]> {
  if (keys.length === 0) return [];
  if (keys.length <= size) return ask([...keys]);
  const answers: Answer[] = [];
  for (let start = 0; start < keys.length; start += size) {
    answers.push(...(await ask(keys.slice(start, start + size))));
  }
  return answers;
}
