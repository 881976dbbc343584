/** Keeps the log of a database short while writes go on. */
import type { DiskFile, LogBounds } from './disk.ts';

export interface LogKeeperDeps {
  file: Pick<DiskFile, 'sync' | 'checkpoint' | 'restart'>;
  /** Whether each commit is synced before the next begins. If not, the log is synced here, little by little. */
  syncsCommits: boolean;
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
  /** Resolves when no checkpoint and no sync of this keeper is under way. */
  idle(): Promise<void>;
}

export function createLogKeeper(deps: LogKeeperDeps): LogKeeper {
  const { file, syncsCommits, bounds, pages, whileQuiet, onEnded } = deps;
  /** As last seen. */
  let known = 0;
  /** How many there were when the last checkpoint began. */
  let checkpointed = 0;
  /** How many a restart left: 1, or all where somebody reads from them for long, as a backup does. */
  let kept = 0;
  let underWay: Promise<void> | undefined;
  /** How many there were when the last sync of this keeper began. */
  let synced = 0;
  let syncing: Promise<void> | undefined;

  async function run(): Promise<void> {
    checkpointed = known;
    if ((await file.checkpoint()) - kept < bounds.restart) return;
    kept = await whileQuiet(() => file.restart());
    checkpointed = kept;
    synced = kept;
    known = kept;
  }
  function shorten(): void {
    underWay ??= run()
      .finally(() => {
        underWay = undefined;
      })
      .then(() => onEnded(), onEnded);
  }
  /** What a checkpoint would have to write first, and all at once, is written before it. */
  function syncSome(): void {
    synced = known;
    syncing = file.sync().finally(() => {
      syncing = undefined;
    });
  }
  return {
    committed() {
      known = pages();
      // It has begun anew by itself, or was emptied.
      synced = Math.min(synced, known);
      checkpointed = Math.min(checkpointed, known);
      if (!syncsCommits && syncing === undefined && known - synced >= bounds.sync) syncSome();
      if (known - checkpointed >= bounds.checkpoint) shorten();
    },
    isFull: () => known - kept >= bounds.max,
    shorten,
    async idle() {
      await underWay;
      await syncing;
    },
  };
}
