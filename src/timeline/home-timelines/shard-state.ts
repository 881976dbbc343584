/**
 * The second stage of delivery: what the worker of a home shard decides about a record of slices. Pure functions of
 * (state, record); whoever keeps homes stores the state with the ids that it speaks of, in one step.
 *
 * **An owner that was replaced does no harm.** A newer epoch of a source fences the older ones: their slices and marks
 * are dropped, and the place in the lane moves on. If the claim itself was lost in a failover, the newer owner's first
 * mark fences them, and takes the position back to where that owner began: it cuts everything above again, with its
 * own follower lists. Slices are never skipped by their position, only by their epoch: a home takes an id once.
 *
 * **A shard that lost its newest writes notices.** A mark says after which position it speaks. A shard that has not got
 * that far does not move, and answers that it is behind; the owner then cuts again from the shard's position.
 */
import type { Lane, Mark, Slice, SliceRecord, Source } from './slices.ts';

export interface SourceState {
  /** The newest epoch heard of. */
  epoch: number;
  /** Whether `through` is of this epoch. Not so after a large slice of an owner whose claim was lost. */
  isBegun: boolean;
  /** Everything through this position was delivered. */
  through: number;
  /** Marks that wait for large activities, in order, each after the one before. */
  waiting: readonly Mark[];
  /** By position of a large activity above `through`: how many of its slices were delivered. */
  arrived: ReadonlyMap<number, number>;
}

export interface ShardState {
  /** Random; changes when the shard was lost. Homes of another era do not exist. */
  era: string;
  /** Of the worker that alone writes the shard. */
  workerEpoch: number;
  /** The last record applied. */
  places: Readonly<Record<Lane, number>>;
  /** By `sourceKey`. */
  sources: ReadonlyMap<string, SourceState>;
}

/** Waiting marks of a source; beyond that the newest two become one, and the position moves less often. */
export const MAX_WAITING_MARKS = 64;
const BEGINNING = { small: -1, large: -1 };

export function sourceKey({ topic, partition }: Source): string {
  return `${topic}/${partition}`;
}

/**
 * A shard in a new era, which holds no home. `positions`: of all sources, committed heads that were read before; by
 * `sourceKey`. The log of slices is read from `places`, which may be earlier than need be.
 */
export function newEra(request: {
  era: string;
  workerEpoch: number;
  places?: ShardState['places'];
  positions: ReadonlyMap<string, { epoch: number; position: number }>;
}): ShardState {
  const { era, workerEpoch, places = BEGINNING, positions } = request;
  const sources = new Map<string, SourceState>();
  for (const [key, { epoch, position }] of positions) {
    sources.set(key, { epoch, isBegun: true, through: position, waiting: [], arrived: new Map() });
  }
  return { era, workerEpoch, places, sources };
}

/** The shard as its new worker has it; null: a newer one has it. A worker may ask again. */
export function claimedByWorker(state: ShardState, workerEpoch: number): ShardState | null {
  return workerEpoch < state.workerEpoch ? null : { ...state, workerEpoch };
}

/**
 * What claiming a source changes; null: a newer owner has it. Slices must be cut from `through`, or from below. An
 * owner claims all its sources before it reads any, and one that claims again, under whichever epoch, starts anew:
 * with follower lists read again, and the follows that it merged before.
 */
export function claimedByOwner(
  state: ShardState,
  source: Source,
  epoch: number,
): { state: ShardState; through: number } | null {
  const key = sourceKey(source);
  const before = state.sources.get(key);
  if (before === undefined || epoch < before.epoch) return null;
  const claimed = { ...underEpoch(before, epoch), isBegun: true };
  return { state: { ...state, sources: new Map(state.sources).set(key, claimed) }, through: claimed.through };
}

export interface Applied {
  state: ShardState;
  /** What to insert into the homes that exist. */
  deliver: Slice[];
  /** Sources whose marks speak of what comes after more than the shard has: to be cut again from these positions. */
  behind: { source: Source; through: number }[];
}

/** A record that lies at or before the lane's place was applied already: nothing changes. */
export function applied(state: ShardState, record: SliceRecord, place: number): Applied {
  const { lane, slices, marks } = record;
  if (place <= state.places[lane]) return { state, deliver: [], behind: [] };
  const sources = new Map(state.sources);
  const deliver: Slice[] = [];
  const behind: Applied['behind'] = [];
  for (const slice of slices) {
    const key = sourceKey(slice.source);
    const before = sources.get(key);
    if (before === undefined || slice.epoch < before.epoch) continue;
    deliver.push(slice);
    if (lane === 'large') sources.set(key, withPart(before, slice));
  }
  for (const mark of marks) {
    const key = sourceKey(mark.source);
    const before = sources.get(key);
    if (before === undefined || mark.epoch < before.epoch) continue;
    const after = withMark(before, mark);
    if (after === null) behind.push({ source: mark.source, through: before.through });
    else sources.set(key, after);
  }
  return { state: { ...state, sources, places: { ...state.places, [lane]: place } }, deliver, behind };
}

/** The source under the epoch of a claim, slice or mark. A newer one drops what the former owner had under way. */
function underEpoch(before: SourceState, epoch: number): SourceState {
  if (epoch === before.epoch) return before;
  return { epoch, isBegun: false, through: before.through, waiting: [], arrived: new Map() };
}

function withPart(before: SourceState, { epoch, position, part }: Slice): SourceState {
  const state = underEpoch(before, epoch);
  const count = state.arrived.get(position) ?? 0;
  if (part !== count) return state;
  return settled({ ...state, arrived: new Map(state.arrived).set(position, count + 1) });
}

/** null: the mark leaves out what the shard has not got. */
function withMark(before: SourceState, mark: Mark): SourceState | null {
  let state = underEpoch(before, mark.epoch);
  if (!state.isBegun) state = { ...state, isBegun: true, through: Math.min(state.through, mark.after) };
  const told = state.waiting.at(-1)?.through ?? state.through;
  if (mark.after > told) return null;
  if (mark.through <= told) return state;
  const waiting = [...state.waiting, mark];
  if (waiting.length > MAX_WAITING_MARKS) waiting.push(joined(waiting.pop()!, waiting.pop()!));
  return settled({ ...state, waiting });
}

function joined(later: Mark, earlier: Mark): Mark {
  return { ...later, after: earlier.after, large: [...earlier.large, ...later.large] };
}

/** Moves through every mark, in order, whose large activities have all arrived. */
function settled(state: SourceState): SourceState {
  const { arrived, waiting } = state;
  const isThere = ({ position, parts }: Mark['large'][number]) =>
    position <= state.through || (arrived.get(position) ?? 0) >= parts;
  const isWhole = ({ large }: Mark) => large.every(isThere);
  let done = 0;
  while (done < waiting.length && isWhole(waiting[done]!)) done += 1;
  if (done === 0) return state;
  const { through } = waiting[done - 1]!;
  return {
    ...state,
    through,
    waiting: waiting.slice(done),
    arrived: new Map([...arrived].filter(([position]) => position > through)),
  };
}
