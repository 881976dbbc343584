/**
 * The candidates of a home, newest first: from the home timeline as far as it reaches, merged with what is fanned out
 * on read and, with `own`, the reader's own activities; beneath that from the authors' tails, to the end of history.
 */
import type { ActivityId, Snowflake, UserId } from '#domain/ids.ts';
import type { HomeTimelines } from '../home-timelines/home-timelines.ts';
import type { Backfill } from './backfill.ts';
import type { BackfillAhead } from './backfill-ahead.ts';
import type { FanOutOnRead } from './fan-out-on-read.ts';
import type { FolloweeSet } from './followee-set.ts';
import type { HomeLoader } from './home-loader.ts';

export interface BatchRequest {
  reader: UserId;
  own: boolean;
  followeeSet: FolloweeSet;
  /** Only below this; Infinity: from the newest. */
  below: Snowflake;
  /** About how many to return; at least one, unless there are no more. */
  want: number;
}

export interface Batch {
  /** Newest first, each once. May include activities that no longer count. */
  ids: ActivityId[];
  /** Every candidate in [end, below) is among the ids. 0: there is nothing beneath. */
  end: Snowflake;
  /** Reposts were left out. */
  partial: boolean;
}

export interface CandidateSource {
  next(request: BatchRequest): Promise<Batch>;
  /**
   * Only what the home timeline holds, without the reader's own activities; null beneath its floor, and where there is
   * no home timeline. The cost does not depend on the number of followees.
   */
  held(request: Omit<BatchRequest, 'own'>): Promise<Batch | null>;
}

export interface CandidateSourceDeps {
  homeTimelines: HomeTimelines;
  homeLoader: HomeLoader;
  fanOutOnRead: FanOutOnRead;
  backfill: Backfill;
  ahead: BackfillAhead;
}

export function createCandidateSource(deps: CandidateSourceDeps): CandidateSource {
  const { homeTimelines, homeLoader, fanOutOnRead, backfill, ahead } = deps;

  /** What the home timeline and fan-out on read have together; null where that ends above `below`. */
  async function fromHomeTimeline(request: Omit<BatchRequest, 'own'>): Promise<Batch | null> {
    const { reader, followeeSet, below, want } = request;
    const opened = homeLoader.open(reader, followeeSet);
    if (typeof opened !== 'number') await opened;
    const others = await fanOutOnRead.of(followeeSet);
    if (others === null) return null;
    // Looked up after the last await: nothing can change it before its ids are copied below.
    const slot = homeTimelines.find(reader);
    if (slot < 0 || !homeTimelines.isReady(slot)) return null;
    const floor = Math.max(homeTimelines.floor(slot), others.floor);
    if (below <= floor) return null;
    const ids = homeTimelines.below(slot, below, want);
    const end = ids.length === want ? Math.max(floor, Math.abs(ids[want - 1]!)) : floor;
    const batch: Batch = { ids: fromEnd(ids, end), end, partial: false };
    merge(
      batch,
      others.tails.flatMap((tail) => newestIn(tail.ids, below, end)),
    );
    return batch;
  }

  async function withOwn(batch: Batch, request: BatchRequest): Promise<Batch> {
    const { reader, below, want } = request;
    const own = await backfill.newest({
      reader,
      authors: [reader],
      before: finite(below),
      atLeast: batch.end,
      want,
      strict: false,
    });
    const end = Math.max(batch.end, own.floor);
    const both = { ids: fromEnd(batch.ids, end), end, partial: batch.partial || own.partial };
    merge(both, own.ids);
    return both;
  }

  function beneath({ below, ...request }: BatchRequest): Promise<Batch> {
    return ahead
      .next({ ...request, before: finite(below) })
      .then(({ ids, floor, partial }) => ({ ids, end: floor, partial }));
  }

  return {
    held: fromHomeTimeline,
    async next(request) {
      let batch = await fromHomeTimeline(request);
      if (batch !== null && request.own) batch = await withOwn(batch, request);
      if (batch === null) return beneath(request);
      if (batch.ids.length > 0 || batch.end === 0) return batch;
      return beneath({ ...request, below: batch.end });
    },
  };
}

function finite(below: Snowflake): Snowflake | null {
  return below === Number.POSITIVE_INFINITY ? null : below;
}

function fromEnd(ids: ActivityId[], end: Snowflake): ActivityId[] {
  let length = ids.length;
  while (length > 0 && Math.abs(ids[length - 1]!) < end) length -= 1;
  return length === ids.length ? ids : ids.slice(0, length);
}

/** The activities of a tail (oldest first) in [end, below), newest first. */
function newestIn(tail: Float64Array, below: Snowflake, end: Snowflake): ActivityId[] {
  const ids: ActivityId[] = [];
  for (let at = tail.length - 1; at >= 0; at--) {
    const magnitude = Math.abs(tail[at]!);
    if (magnitude < end) break;
    if (magnitude < below) ids.push(tail[at]!);
  }
  return ids;
}

/** Merges other activities into the batch, each once. */
function merge(batch: Batch, others: ActivityId[]): void {
  if (others.length === 0) return;
  const all = [...batch.ids, ...others].sort((a, b) => Math.abs(b) - Math.abs(a));
  batch.ids = all.filter((id, at) => id !== all[at - 1]);
}
