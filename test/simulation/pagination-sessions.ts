/** Pagination sessions of homes amid everything else: nothing repeats and nothing is skipped. */
import assert from 'node:assert/strict';
import type { HomePosition } from '#timeline/timeline.ts';
import type { Ids } from './facts.ts';
import { plainHome } from './views.ts';
import type { World } from './world.ts';

export interface PaginationSessions {
  /** Begins this reader's session, or reads its next page. */
  step(reader: number, limit: number): Promise<void>;
  /** To be called when everything has settled: sessions that begin now must cover what is there now. */
  settled(ids: Ids): Promise<void>;
  /** Abandons all sessions. */
  forget(): void;
}

interface PaginationSession {
  position: HomePosition | null;
  seen: Set<number>;
  /** The activities, by tweet, that have been in the home since everything settled before the session began. */
  stood: Map<number, number>;
  done: boolean;
  /** `sessionsBegun` of the reader at its last page. */
  begun: number;
}

/** As timeline/home/pagination-sessions.ts has it, less the one that is reading. */
const SESSIONS_REMEMBERED = 3;

export function createPaginationSessions(world: World): PaginationSessions {
  /** As of the last time everything had settled; newer activities may not have been delivered yet. */
  let settledIds: Ids | undefined;
  let homes = new Map<number, Map<number, number>>();
  const sessions = new Map<number, PaginationSession>();

  /** The server remembers a reader's latest few sessions; older ones continue from facts, which guarantee less. */
  const isForgotten = (reader: number, session: PaginationSession) =>
    session.position !== null && world.sessionsBegun(reader) - session.begun >= SESSIONS_REMEMBERED;

  function homeOf(reader: number, ids: Ids): Map<number, number> {
    return new Map(plainHome(world.model, ids, reader, false).map((row) => [row.tweetId, row.activity]));
  }

  /** Tweets that moved or vanished, even temporarily, may be missing from the session. */
  function keepWhatStands(reader: number, session: PaginationSession, ids: Ids): void {
    const now = homeOf(reader, ids);
    for (const [tweetId, activity] of session.stood) {
      if (now.get(tweetId) !== activity) session.stood.delete(tweetId);
    }
  }

  async function page(reader: number, session: PaginationSession, limit: number): Promise<void> {
    if (isForgotten(reader, session)) {
      sessions.delete(reader);
      session.done = true;
      session.stood.clear();
      return;
    }
    const { timeline } = world.system().services;
    if (settledIds !== undefined) keepWhatStands(reader, session, settledIds);
    const { items, next, partial } = await timeline.home({
      reader,
      own: false,
      position: session.position,
      limit,
    });
    assert.equal(partial, false);
    for (const { tweetView } of items) {
      const { tweet } = tweetView;
      assert.ok(!session.seen.has(tweet.id), `tweet ${tweet.id} came twice in a session of ${reader}`);
      session.seen.add(tweet.id);
    }
    session.position = next;
    session.done = next === null;
    session.begun = world.sessionsBegun(reader);
  }

  return {
    async step(reader, limit) {
      const known = sessions.get(reader);
      if (known !== undefined && !known.done) return page(reader, known, limit);
      if (settledIds === undefined) return;
      const stood = new Map(homes.get(reader));
      const session: PaginationSession = { position: null, seen: new Set(), stood, done: false, begun: 0 };
      sessions.set(reader, session);
      await page(reader, session, limit);
    },
    async settled(ids) {
      settledIds = ids;
      for (const [reader, session] of sessions) {
        while (!session.done) await page(reader, session, 5);
        keepWhatStands(reader, session, ids);
        for (const tweetId of session.stood.keys()) {
          assert.ok(session.seen.has(tweetId), `tweet ${tweetId} was skipped in a session of ${reader}`);
        }
      }
      sessions.clear();
      homes = new Map(world.users.map((reader) => [reader, homeOf(reader, ids)]));
    },
    forget: () => sessions.clear(),
  };
}
