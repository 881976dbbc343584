/** Asks for many things through a call that takes at most `size` of them, batches side by side; answers in order. */
export async function inBatches<Item, Answer>(
  items: readonly Item[],
  size: number,
  ask: (batch: Item[]) => Promise<Answer[]>,
): Promise<Answer[]> {
  if (items.length === 0) return [];
  if (items.length <= size) return ask([...items]);
  const batches: Promise<Answer[]>[] = [];
  for (let start = 0; start < items.length; start += size) {
    batches.push(ask(items.slice(start, start + size)));
  }
  return (await Promise.all(batches)).flat();
}
