const MAX_CONCURRENT = 200;

/** Calls `act` `count` times, several at once, so that they share their commits. */
export async function inGroups(count: number, act: (index: number) => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done += MAX_CONCURRENT) {
    await Promise.all(
      Array.from({ length: Math.min(MAX_CONCURRENT, count - done) }, (_, i) => act(done + i)),
    );
  }
}
