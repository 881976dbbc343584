/**
 * What pagination sessions of homes have shown, so that nothing repeats and nothing is skipped, whatever happens
 * meanwhile.
 *
 * Facts alone cannot tell. A tweet that was shown at a repost whose actor was unfollowed since would be shown again at
 * its posting. A tweet whose newer repost was committed, delivered or undone after the session had passed that position
 * would be skipped. So the process remembers which tweet each session handed out at which position. A session that it
 * does not remember (after a restart, in another process, evicted by newer ones) goes on by facts for everything above
 * the position where its memory begins.
 */
import { LRUCache } from 'lru-cache';
import type { Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { HomePosition } from '../timeline.ts';

/** Plain data rather than closures, since one is made for every first page. Only this file changes it. */
export interface PaginationSession {
  readonly top: Snowflake;
  /** ms since 1970. Unique among the reader's kept sessions: `keep` moves it forward where the clock stands still. */
  began: number;
  /** What was shown below this is remembered; above it nothing is known. Infinity: everything is known. */
  known: Snowflake;
  /** What was handed out, and where: newest first, as sessions only go down. */
  tweets: TweetId[];
  positions: Snowflake[];
  /** The same ids as `tweets`, once there are many. */
  set: Set<TweetId> | null;
}

export interface PaginationSessions {
  /** A session that begins now. It is not remembered before `keep`. */
  begin(request: { top: Snowflake; now_ms: number }): PaginationSession;
  /** The session that a position belongs to. */
  resume(reader: UserId, position: HomePosition): PaginationSession;
  /** Remembers the session for the next page. From then on `began` does not change. */
  keep(reader: UserId, session: PaginationSession): void;
}

const MAX_SESSIONS_PER_READER = 4;
/** Positions in all sessions together, 16 bytes each. */
const MAX_POSITIONS = 4_000_000;
/** The fixed cost of a session, in positions. */
const OVERHEAD = 30;
const MAX_POSITIONS_PER_SESSION = 4_096;
/** Up to this length searching an array beats keeping a set beside it. */
const MAX_SCANNED = 48;

export function createPaginationSessions({
  maxPositions = MAX_POSITIONS,
}: {
  maxPositions?: number;
} = {}): PaginationSessions {
  const byReader = new LRUCache<UserId, PaginationSession[]>({
    maxSize: maxPositions,
    sizeCalculation: (sessions) => sessions.reduce((sum, { tweets }) => sum + tweets.length + OVERHEAD, 0),
  });

  return {
    begin: ({ top, now_ms }) => createPaginationSession(top, now_ms, Number.POSITIVE_INFINITY),
    resume(reader, position) {
      const session = byReader
        .get(reader)
        ?.find(({ began, top }) => began === position.began && top === position.top);
      if (session === undefined) return createPaginationSession(position.top, position.began, position.below);
      rewind(session, position.below);
      return session;
    },
    keep(reader, session) {
      const before = byReader.peek(reader);
      if (before === undefined) {
        byReader.set(reader, [session]);
        return;
      }
      const others = before.filter((other) => other !== session);
      if (others.length === before.length) {
        // A new session: two sessions of one reader must not be mistaken for each other.
        for (const { began } of others) if (began >= session.began) session.began = began + 1;
      }
      byReader.set(reader, [session, ...others.slice(0, MAX_SESSIONS_PER_READER - 1)]);
    },
  };
}

function createPaginationSession(top: Snowflake, began: number, known: Snowflake): PaginationSession {
  return { top, began, known, tweets: [], positions: [], set: null };
}

/** Whether the session has handed the tweet out already. */
export function wasShown(session: PaginationSession, tweetId: TweetId): boolean {
  if (session.tweets.length <= MAX_SCANNED) return session.tweets.includes(tweetId);
  session.set ??= new Set(session.tweets);
  return session.set.has(tweetId);
}

export function markShown(session: PaginationSession, tweetId: TweetId, position: Snowflake): void {
  if (session.tweets.length >= MAX_POSITIONS_PER_SESSION) {
    // Facts decide for the upper half from now on, as if the session had been resumed there.
    const half = MAX_POSITIONS_PER_SESSION / 2;
    session.known = session.positions[half - 1]!;
    session.tweets = session.tweets.slice(half);
    session.positions = session.positions.slice(half);
    session.set = null;
  }
  session.tweets.push(tweetId);
  session.positions.push(position);
  session.set?.add(tweetId);
}

/** Forgets what was handed out below a position: the page was cut there, or is requested again. */
function rewind(session: PaginationSession, below: Snowflake): void {
  while (session.positions.length > 0 && session.positions.at(-1)! < below) {
    session.positions.pop();
    const tweetId = session.tweets.pop()!;
    session.set?.delete(tweetId);
  }
}
