/** Keeps the log of a database short, beside those who write. */
import type { DiskFile, LogBounds } from './disk.ts';

export interface LogKeeperDeps {
  file: Pick<DiskFile, 'checkpoint' | 'restart'>;
  bounds: LogBounds;
  /** The pages that the log has. */
  pages: () => number;
  /** Runs `work` while nobody writes and no snapshot is held. */
  whileQuiet: <T>(work: () => Promise<T>) => Promise<T>;
  /** A checkpoint has ended; without one (an error) those who wait at the bound are to be told. */
  onEnded: (error?: unknown) => void;
}

export interface LogKeeper {
  /** To be called after each commit. */
  committed(): void;
  /** Whether writers must wait until `onEnded`. */
  isFull(): boolean;
  /** Begins a checkpoint, where none is under way. */
  shorten(): void;
  /** Resolves when no checkpoint is under way. */
  idle(): Promise<void>;
}

export function createLogKeeper({ file, bounds, pages, whileQuiet, onEnded }: LogKeeperDeps): LogKeeper {
  /** As last seen. */
  let known = 0;
  /** How many there were when the last checkpoint began. */
  let checkpointed = 0;
  /** How many a restart left: 1, or all where somebody reads from them for long, as a backup does. */
  let kept = 0;
  let underWay: Promise<void> | undefined;

  async function run(): Promise<void> {
    checkpointed = known;
    if ((await file.checkpoint()) - kept < bounds.restart) return;
    kept = await whileQuiet(() => file.restart());
    checkpointed = kept;
    known = kept;
  }
  function shorten(): void {
    underWay ??= run()
      .finally(() => {
        underWay = undefined;
      })
      .then(() => onEnded(), onEnded);
  }
  return {
    committed() {
      known = pages();
      if (known - checkpointed >= bounds.checkpoint) shorten();
    },
    isFull: () => known - kept >= bounds.max,
    shorten,
    idle: async () => underWay,
  };
}
