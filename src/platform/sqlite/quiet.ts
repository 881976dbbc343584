export interface QuietDeps {
  /** Runs before each work; nothing may be under way when it is done. */
  prepare: () => Promise<void>;
  /** Runs when the last work under way has ended. */
  onEnded: () => void;
}

export interface Quiet {
  /** Whether no group of writes may begin. */
  isHeld(): boolean;
  during<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when no work is under way. */
  ended(): Promise<void>;
}

/** Runs work that needs a database without writes. Writers wait while `isHeld`. */
export function createQuiet({ prepare, onEnded }: QuietDeps): Quiet {
  const underWay = new Set<Promise<unknown>>();
  let holds = 0;

  async function run<T>(work: () => Promise<T>): Promise<T> {
    holds++;
    try {
      await prepare();
      return await work();
    } finally {
      holds--;
      if (holds === 0) onEnded();
    }
  }
  return {
    isHeld: () => holds > 0,
    during(work) {
      const running = run(work);
      const ended = running.catch(() => {}).finally(() => underWay.delete(ended));
      underWay.add(ended);
      return running;
    },
    async ended() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
