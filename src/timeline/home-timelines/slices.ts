/**
 * The first stage of delivery: the owner of a source partition cuts activities by home shard. Pure functions; what they
 * return goes into a log of slices, or straight into the second stage (`shard-state.ts`).
 *
 * A shard's record ends with marks: "every slice of this source in (after, through] is in this record, or in an earlier
 * one of this shard's small lane, or is one of these large activities". So a position that a shard keeps says
 * *delivered*, not *cut*.
 */
import type { ActivityId, TweetId, UserId } from '#domain/ids.ts';

/** A partition of a topic. A tail that is merged after a follow has the follow's position. */
export interface Source {
  topic: 'tweets' | 'reposts' | 'follows';
  partition: number;
}

/** Readers of one shard that one activity is for. */
export interface Slice {
  source: Source;
  /** Of the source's owner. */
  epoch: number;
  /** The activity's position in its source. */
  position: number;
  /** Counts the slices of this activity for this shard, from 0. */
  part: number;
  activity: ActivityId;
  /** The user who posted or reposted. */
  actor: UserId;
  /** The tweet that was posted or reposted. */
  tweetId: TweetId;
  readers: Uint32Array;
}

export interface Mark {
  source: Source;
  epoch: number;
  /** Nothing at or below it is spoken of. */
  after: number;
  through: number;
  /** The activities among them whose slices come on the large lane, and how many for this shard. */
  large: { position: number; parts: number }[];
}

/** Large activities have a lane of their own, so that nobody waits behind a million readers. */
export const LANES = ['small', 'large'] as const;
export type Lane = (typeof LANES)[number];

/** What is written, read and applied at once. */
export interface SliceRecord {
  shard: number;
  lane: Lane;
  slices: Slice[];
  /** None on the large lane. */
  marks: Mark[];
}

/** An activity with its whole audience. */
export interface CutActivity extends Pick<Slice, 'position' | 'activity' | 'actor' | 'tweetId'> {
  readers: Uint32Array;
}

/** What the owner of a source has read of it since it cut last. */
export interface SourceBatch {
  source: Source;
  epoch: number;
  /** In order of positions, all above `marked` of every shard. Records that are no activities are left out. */
  activities: CutActivity[];
  /** The last record read, activity or not. */
  through: number;
  /** Index: shard. The `through` of the newest mark written for it; at first the position that the owner began at. */
  marked: readonly number[];
}

/** The default number of home shards. */
export const HOME_SHARDS = 16;
export const MAX_HOME_SHARDS = 64;
/** Readers of an activity above which it goes by the large lane, and readers per slice. */
export const MAX_SMALL_READERS = 4_000;
export const MAX_SLICE_READERS = 4_000;

/** Throws a RangeError where `shards` is no power of two up to {@link MAX_HOME_SHARDS}. */
export function checkHomeShards(shards: number): void {
  if (!Number.isInteger(Math.log2(shards)) || shards < 1 || shards > MAX_HOME_SHARDS) {
    throw new RangeError(`home shards must be a power of two up to ${MAX_HOME_SHARDS}, not ${shards}`);
  }
}

/**
 * The shard of a reader's home. Its bits are not those by which `reader-index.ts` spreads readers, so that a table of
 * one shard's readers is spread as well.
 */
export function homeShardOf(reader: UserId, shards: number): number {
  const mixed = Math.imul(reader ^ (reader >>> 15), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) & (shards - 1);
}

/** Index: shard. Readers keep their order. One array behind all, in two passes. */
export function readersByShard(readers: Uint32Array, shards: number): Uint32Array[] {
  if (shards === 1) return [readers];
  const ends = new Uint32Array(shards);
  for (let i = 0; i < readers.length; i++) ends[homeShardOf(readers[i]!, shards)]! += 1;
  for (let shard = 1; shard < shards; shard++) ends[shard]! += ends[shard - 1]!;
  const starts = Uint32Array.from(ends, (_, shard) => (shard === 0 ? 0 : ends[shard - 1]!));
  const next = starts.slice();
  const sorted = new Uint32Array(readers.length);
  for (let i = 0; i < readers.length; i++) {
    const shard = homeShardOf(readers[i]!, shards);
    sorted[next[shard]!] = readers[i]!;
    next[shard]! += 1;
  }
  return Array.from(ends, (end, shard) => sorted.subarray(starts[shard], end));
}

export interface CutRequest {
  shards: number;
  /** All sources of one owner, each at most once. */
  batches: readonly SourceBatch[];
  /** Whether shards with nothing in it are told of all sources too; to be asked for every 500 ms. */
  tellAll: boolean;
  maxSmallReaders?: number;
  maxSliceReaders?: number;
}

/**
 * At most one record of the small lane a shard, and one of the large lane for each of its slices. The order in which
 * the lanes are written does not matter; that within a lane does. Whoever wrote a shard's record of the small lane
 * keeps `through` as its new `marked`.
 */
export function cut(request: CutRequest): SliceRecord[] {
  const { shards, batches, tellAll, maxSmallReaders = MAX_SMALL_READERS } = request;
  checkHomeShards(shards);
  const small: Slice[][] = Array.from({ length: shards }, () => []);
  const marks: Mark[][] = Array.from({ length: shards }, () => []);
  const large: SliceRecord[] = [];
  const touched = new Uint8Array(shards).fill(tellAll ? 1 : 0);
  for (const { source, epoch, activities, through, marked } of batches) {
    const open: Mark[] = marked.map((after) => ({ source, epoch, after, through, large: [] }));
    for (const activity of activities) {
      const isLarge = activity.readers.length > maxSmallReaders;
      for (const [shard, readers] of readersByShard(activity.readers, shards).entries()) {
        if (readers.length === 0) continue;
        touched[shard] = 1;
        const parts = partsOf({ ...activity, readers }, { source, epoch }, request.maxSliceReaders);
        if (isLarge) {
          open[shard]!.large.push({ position: activity.position, parts: parts.length });
          for (const part of parts) large.push({ shard, lane: 'large', slices: [part], marks: [] });
        } else small[shard]!.push(...parts);
      }
    }
    for (const [shard, mark] of open.entries()) marks[shard]!.push(mark);
  }
  const records: SliceRecord[] = [];
  for (let shard = 0; shard < shards; shard++) {
    if (touched[shard] === 1)
      records.push({ shard, lane: 'small', slices: small[shard]!, marks: marks[shard]! });
  }
  return [...records, ...large];
}

function partsOf(
  activity: CutActivity,
  { source, epoch }: Pick<Slice, 'source' | 'epoch'>,
  maxReaders = MAX_SLICE_READERS,
): Slice[] {
  const { readers } = activity;
  const parts: Slice[] = [];
  for (let from = 0; from < readers.length; from += maxReaders) {
    const some = readers.subarray(from, from + maxReaders);
    parts.push({ ...activity, source, epoch, part: parts.length, readers: some });
  }
  return parts;
}
