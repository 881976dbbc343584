/**
 * Asks for many things through a call that takes at most `size` of them; asks nothing for none. Answers come batch
 * after batch, each in the order in which it was given.
 *
 * Batches run one after the other. A page nearly always fits into one, and if not, a second round trip is cheaper
 * than sending the thousands of keys of a fold to a store at once. After a batch that failed, no further one is sent.
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
