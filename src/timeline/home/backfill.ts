/**
 * Backfill: candidates read from facts by merging the authors' tails. Home timelines are filled with it, and it brings
 * what lies beneath their floors.
 */
import { unlessDown } from '#domain/errors.ts';
import type { ActivityId, Snowflake, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Engagement } from '#engagement/engagement.ts';
import type { Lane } from '#platform/lane.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { ActivityFacts } from './activity-facts.ts';

export interface BackfillRequest {
  /** Who asks: readers take turns where it is expensive. */
  reader: UserId;
  authors: readonly UserId[];
  /** Only below this; null: from the newest. */
  before: Snowflake | null;
  /** Only at or above this. */
  atLeast: Snowflake;
  /** How many are wanted; more may be returned. */
  want: number;
  /** Throws where engagement is down; otherwise reposts are left out then. */
  strict: boolean;
}

export interface SinceRequest {
  reader: UserId;
  authors: readonly UserId[];
  completeTo: { tweets: number[]; reposts: number[] };
  atLeast: Snowflake;
}

export interface Backfilled {
  /** Newest first, each once. */
  ids: ActivityId[];
  /** Every candidate in [floor, before) is among the ids; 0 (or `atLeast`): there are no more. */
  floor: Snowflake;
  /** Reposts were left out. */
  partial: boolean;
}

export interface Backfill {
  newest(request: BackfillRequest): Promise<Backfilled>;
  /**
   * What was committed after these positions, newest first, ids at or above `atLeast`. Throws where engagement is down.
   */
  since(request: SinceRequest): Promise<Backfilled>;
}

type Kind = 'postings' | 'reposts';
/** An author's tail that was read down to the id `low`, beneath which there is more. */
interface OpenTail {
  author: UserId;
  low: Snowflake;
}
interface Found {
  /** Magnitudes, unsorted, possibly repeated. */
  ids: Snowflake[];
  /** The tails with more beneath. */
  open: OpenTail[];
}

export interface BackfillDeps {
  tweets: Pick<Tweets, 'tails'>;
  engagement: Pick<Engagement, 'repostTails'>;
  facts: ActivityFacts;
  /** Reads the tails of more than 1,000 authors here, in slices of 1,000 authors. */
  lane: Lane;
}
/** Lets other work run between slices. */
type Pause = () => Promise<void>;
const GO_ON: Pause = async () => {};

/**
 * How many activities to read from each author at first. Most authors have few among the newest, so little is read in
 * vain. Of very many authors hardly any has more than one or two there; those that have are read again.
 */
function firstLimit(authors: number, want: number): number {
  if (authors <= 4) return want;
  const least = authors > LIMITS.batch ? 2 : 8;
  return Math.min(want, Math.max(least, Math.ceil((4 * want) / authors)));
}

/** The facts of up to a few pages are cached; most of the hundreds that fill a home timeline are never read. */
const MAX_LEARNED = 200;

interface Range {
  before: Snowflake | null;
  atLeast: Snowflake;
  limit: number;
  afterPositions: number[] | null;
  learn: boolean;
}

export function createBackfill({ tweets, engagement, facts, lane }: BackfillDeps): Backfill {
  async function readPostings(authors: readonly UserId[], range: Range, found: Found): Promise<void> {
    const { learn, ...rest } = range;
    const tails = await tweets.tails({ authors: authors as UserId[], ...rest });
    for (const { author, ids, truncated } of tails) {
      if (ids.length === 0) continue;
      found.ids.push(...ids);
      if (learn) for (const id of ids) facts.learn(id, author, id);
      if (truncated) found.open.push({ author, low: ids.at(-1)! });
    }
  }
  async function readReposts(actors: readonly UserId[], range: Range, found: Found): Promise<void> {
    const { learn, ...rest } = range;
    const tails = await engagement.repostTails({ actors: actors as UserId[], ...rest });
    for (const { actor, reposts, truncated } of tails) {
      if (reposts.length === 0) continue;
      for (const { id, tweetId } of reposts) {
        found.ids.push(id);
        if (learn) facts.learn(-id, actor, tweetId);
      }
      if (truncated) found.open.push({ author: actor, low: reposts.at(-1)!.id });
    }
  }
  async function readTails(
    kind: Kind,
    authors: readonly UserId[],
    range: Range,
    found: Found,
    pause: Pause,
  ): Promise<void> {
    const read = kind === 'postings' ? readPostings : readReposts;
    for (let at = 0; at < authors.length; at += LIMITS.batch) {
      if (at > 0) await pause();
      await read(
        authors.length <= LIMITS.batch ? authors : authors.slice(at, at + LIMITS.batch),
        range,
        found,
      );
    }
  }
  async function readBoth(
    authors: Record<Kind, readonly UserId[]>,
    range: Range,
    found: Record<Kind, Found>,
    strict: boolean,
    pause: Pause,
  ): Promise<boolean> {
    await readTails('postings', authors.postings, range, found.postings, pause);
    await pause();
    const reposts = readTails('reposts', authors.reposts, range, found.reposts, pause);
    if (strict) {
      await reposts;
      return false;
    }
    if ((await unlessDown(reposts)) !== null) return false;
    found.reposts = { ids: [], open: [] };
    return true;
  }

  async function newest(
    { authors, before, atLeast, want, strict }: BackfillRequest,
    pause: Pause,
  ): Promise<Backfilled> {
    const found: Record<Kind, Found> = { postings: { ids: [], open: [] }, reposts: { ids: [], open: [] } };
    let asking: Record<Kind, readonly UserId[]> = { postings: authors, reposts: authors };
    let range: Range = {
      before,
      atLeast,
      limit: firstLimit(authors.length, want),
      afterPositions: null,
      learn: want <= MAX_LEARNED,
    };
    let partial = false;
    for (;;) {
      partial = (await readBoth(asking, range, found, strict, pause)) || partial;
      const ids = merged(found);
      // The `want`-th newest found so far: nothing below it can be among the `want` newest, whatever else is found.
      const enough = ids.length >= want ? Math.abs(ids[want - 1]!) : atLeast;
      const open = { postings: above(found.postings, enough), reposts: above(found.reposts, enough) };
      const cut = Math.max(
        ...open.postings.map(({ low }) => low),
        ...open.reposts.map(({ low }) => low),
        enough,
      );
      if (cut === enough) return { ids: fromFloor(ids, enough), floor: enough, partial };
      asking = {
        postings: open.postings.map(({ author }) => author),
        reposts: open.reposts.map(({ author }) => author),
      };
      found.postings.open = [];
      found.reposts.open = [];
      range = {
        ...range,
        before: cut,
        atLeast: enough,
        limit: Math.min(2 * range.limit, LIMITS.homeTimeline),
      };
    }
  }

  async function since({ authors, completeTo, atLeast }: SinceRequest, pause: Pause): Promise<Backfilled> {
    const found: Record<Kind, Found> = { postings: { ids: [], open: [] }, reposts: { ids: [], open: [] } };
    const range = { before: null, atLeast, limit: LIMITS.homeTimeline, learn: false };
    await readTails(
      'postings',
      authors,
      { ...range, afterPositions: completeTo.tweets },
      found.postings,
      pause,
    );
    await readTails(
      'reposts',
      authors,
      { ...range, afterPositions: completeTo.reposts },
      found.reposts,
      pause,
    );
    const lows = [...found.postings.open, ...found.reposts.open].map(({ low }) => low);
    const floor = Math.max(atLeast, ...lows);
    return { ids: fromFloor(merged(found), floor), floor, partial: false };
  }

  /** Reads of many authors take turns; reads of few never wait. */
  const inSlices = <Request extends { reader: UserId; authors: readonly UserId[] }>(
    request: Request,
    read: (request: Request, pause: Pause) => Promise<Backfilled>,
  ): Promise<Backfilled> =>
    request.authors.length > LIMITS.batch
      ? lane.run(request.reader, (pause) => read(request, pause))
      : read(request, GO_ON);

  return {
    newest: (request) => inSlices(request, newest),
    since: (request) => inSlices(request, since),
  };
}

function above({ open }: Found, enough: Snowflake): OpenTail[] {
  return open.filter(({ low }) => low > enough);
}

/**
 * Newest first, each once. Typed arrays sort numbers natively, several times faster than with a comparison function.
 */
function merged({ postings, reposts }: Record<Kind, Found>): ActivityId[] {
  const tweets = Float64Array.from(postings.ids).sort();
  const others = Float64Array.from(reposts.ids).sort();
  const ids: ActivityId[] = [];
  let [t, r] = [tweets.length - 1, others.length - 1];
  while (t >= 0 || r >= 0) {
    const next = r < 0 || (t >= 0 && tweets[t]! > others[r]!) ? tweets[t--]! : -others[r--]!;
    if (ids.length === 0 || ids.at(-1) !== next) ids.push(next);
  }
  return ids;
}

function fromFloor(ids: ActivityId[], floor: Snowflake): ActivityId[] {
  const end = ids.findIndex((id) => Math.abs(id) < floor);
  return end === -1 ? ids : ids.slice(0, end);
}
