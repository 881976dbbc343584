/**
 * Mints the snowflakes of a process that owns every store. Across all kinds, their milliseconds never fall, and run
 * at most a second ahead of the process's clock, which never falls either. How far they came is stored in the commits
 * of the stores, so the next process begins above.
 */
import { WarbleError } from '#domain/errors.ts';
import {
  ID_KINDS,
  type IdKind,
  OWNER_HASHES,
  ownerHash,
  SNOWFLAKE_END_MS,
  SNOWFLAKE_EPOCH_MS,
  SNOWFLAKE_SEQUENCES,
  type SnowflakeOf,
  type UserId,
} from '#domain/ids.ts';
import type { SteadyClock } from '#platform/steady-clock.ts';
import type { HighWater } from './high-water.ts';

/** The owner (see `ownerHashOf`) and the kind of the id. */
export interface Minting<Kind extends IdKind = IdKind> {
  owner: UserId;
  kind: Kind;
}
export type Mint = <Kind extends IdKind>(minting: Minting<Kind>) => SnowflakeOf<Kind>;

export interface Minter {
  /**
   * The next snowflake. Its millisecond is at or above that of every earlier one, including all that an earlier
   * process acknowledged. Throws `unavailable` if ids have run a second ahead of the clock, which takes 8,000 of one
   * kind and owner hash at once.
   */
  mint: Mint;
  /**
   * Stores in a store's commits how far ids came, and goes on above what is stored there. Call it before the first
   * id.
   */
  keepIn(store: HighWater): void;
}

const MAX_AHEAD_MS = 1_000;
/**
 * Within a millisecond ids are ordered by owner hash and kind. As long as ids are no further ahead than this, one
 * that would be below an earlier one takes the next millisecond instead: actions one after the other are in that
 * order, and only many at once share milliseconds.
 */
const IN_ORDER_AHEAD_MS = 100;
const KINDS_PER_HASH = 8;

export function createMinter({ clock }: { clock: SteadyClock }): Minter {
  /** The newest id of each owner hash and kind; -1: none. */
  const newestOf = new Float64Array(OWNER_HASHES * KINDS_PER_HASH).fill(-1);
  let time_ms = 0;
  let newest = -1;
  // No id is 0: that is "none" in events, and has no negative.
  clock.notBefore(SNOWFLAKE_EPOCH_MS + 1);

  /** The next id of a lane in the millisecond of now; undefined: it has none left. */
  function next(lane: number): number | undefined {
    const first = ((time_ms - SNOWFLAKE_EPOCH_MS) * newestOf.length + lane) * SNOWFLAKE_SEQUENCES;
    const id = Math.max(first, newestOf[lane]! + 1);
    return id < first + SNOWFLAKE_SEQUENCES ? id : undefined;
  }

  function moveOn(now: number): void {
    if (time_ms - now >= MAX_AHEAD_MS) {
      throw new WarbleError('unavailable', 'Ids have run ahead of the clock; try again in a moment.');
    }
    time_ms += 1;
  }

  return {
    mint<Kind extends IdKind>({ owner, kind }: Minting<Kind>): SnowflakeOf<Kind> {
      const now = clock.now();
      if (now > time_ms) time_ms = now;
      if (time_ms >= SNOWFLAKE_END_MS - 1) {
        throw new WarbleError(
          'unavailable',
          'The clock of the server is beyond the year 2094; set it right.',
        );
      }
      const lane = ownerHash(owner) * KINDS_PER_HASH + ID_KINDS[kind];
      let id = next(lane);
      if (id === undefined || (id < newest && time_ms - now < IN_ORDER_AHEAD_MS)) {
        moveOn(now);
        id = next(lane)!;
      }
      newestOf[lane] = id;
      if (id > newest) newest = id;
      return id;
    },
    keepIn(store) {
      clock.notBefore(store.time_ms + 1);
      store.keep(() => Math.max(time_ms, clock.now()));
    },
  };
}
