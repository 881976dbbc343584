const AT_ONCE = 200;

/** Acts `count` times, some at once, so that they share their commits. */
export async function inGroups(count: number, act: (index: number) => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - done) }, (_, i) => act(done + i)));
  }
}
