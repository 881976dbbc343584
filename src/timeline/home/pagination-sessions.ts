/**
 * What pagination sessions through homes have shown, so that nothing repeats and nothing is skipped whatever happens meanwhile.
 *
 * Facts alone cannot say it. A tweet shown at a repost whose actor was unfollowed since would repeat at the posting;
 * one whose newer repost was committed, delivered or undone after the session had passed that position would be skipped.
 * So the process remembers, per session, which tweet it handed out at which position. A session that it does not remember
 * (a restart, another process, pushed out by newer ones) goes on by facts above the position where its memory begins.
 */
import { LRUCache } from 'lru-cache';
import type { Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { HomePosition } from '../timeline.ts';

/** Data, not closures: one is made for every first page. Only this file changes it. */
export interface PaginationSession {
  readonly top: Snowflake;
  /** ms since 1970; unique among the reader's kept sessions: pushed forward by `keep` where the clock stands still. */
  began: number;
  /** All that was shown below this is remembered; above it nothing is known. Infinity: everything is known. */
  known: Snowflake;
  /** What was handed out and where, newest first: sessions only go down. */
  tweets: TweetId[];
  positions: Snowflake[];
  /** The same as `tweets`, once they are many. */
  set: Set<TweetId> | null;
}

export interface PaginationSessions {
  /** A session that begins now; not remembered before `keep`. */
  begin(request: { top: Snowflake; now_ms: number }): PaginationSession;
  /** The session that a position belongs to. */
  resume(reader: UserId, position: HomePosition): PaginationSession;
  /** Remembers it for the next page; after this, `began` stays. */
  keep(reader: UserId, session: PaginationSession): void;
}

const MAX_SESSIONS_PER_READER = 4;
/** Positions over all sessions, 16 bytes each. */
const MAX_POSITIONS = 4_000_000;
/** What a session costs beside its positions, in positions. */
const OVERHEAD = 30;
const MAX_POSITIONS_PER_SESSION = 4_096;
/** Up to here looking through an array beats keeping a set beside it. */
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
        // New here: two sessions of one reader must not be taken for each other.
        for (const { began } of others) if (began >= session.began) session.began = began + 1;
      }
      byReader.set(reader, [session, ...others.slice(0, MAX_SESSIONS_PER_READER - 1)]);
    },
  };
}

function createPaginationSession(top: Snowflake, began: number, known: Snowflake): PaginationSession {
  return { top, began, known, tweets: [], positions: [], set: null };
}

/** Was the tweet shown above the position that is being read? */
export function wasShown(session: PaginationSession, tweetId: TweetId): boolean {
  if (session.tweets.length <= MAX_SCANNED) return session.tweets.includes(tweetId);
  session.set ??= new Set(session.tweets);
  return session.set.has(tweetId);
}

export function markShown(session: PaginationSession, tweetId: TweetId, position: Snowflake): void {
  if (session.tweets.length >= MAX_POSITIONS_PER_SESSION) {
    // From here on facts decide for the upper half, as if the session had been resumed there.
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

/** Forgets what was handed out below a position: the page was cut there, or is asked for again. */
function rewind(session: PaginationSession, below: Snowflake): void {
  while (session.positions.length > 0 && session.positions.at(-1)! < below) {
    session.positions.pop();
    const tweetId = session.tweets.pop()!;
    session.set?.delete(tweetId);
  }
}
