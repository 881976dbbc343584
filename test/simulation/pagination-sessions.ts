/** Pagination sessions of homes while everything else goes on: nothing repeats, nothing is skipped. */
import assert from 'node:assert/strict';
import type { HomePosition } from '#timeline/timeline.ts';
import type { Ids } from './facts.ts';
import { plainHome } from './views.ts';
import type { World } from './world.ts';

export interface PaginationSessions {
  /** Begins this reader's session, or goes on with it by one page. */
  step(reader: number, limit: number): Promise<void>;
  /** Everything is settled: what stands now is what sessions that begin now must cover. */
  settled(ids: Ids): Promise<void>;
  /** PaginationSessions that are under way are given up. */
  forget(): void;
}

interface PaginationSession {
  position: HomePosition | null;
  seen: Set<number>;
  /** What has stood in the home ever since all was settled before the session began, by tweet: its activity. */
  stood: Map<number, number>;
  done: boolean;
  /** `sessionsBegun` of the reader at its last page. */
  begun: number;
}

/** As timeline/home/pagination-sessions.ts has it, less the one that is reading. */
const SESSIONS_REMEMBERED = 3;

export function createPaginationSessions(world: World): PaginationSessions {
  /** As of the last settling: what is newer may not have been delivered yet. */
  let settledIds: Ids | undefined;
  let homes = new Map<number, Map<number, number>>();
  const sessions = new Map<number, PaginationSession>();

  /** A reader's few latest sessions are remembered; older ones go on by facts, which promise less. */
  const isForgotten = (reader: number, session: PaginationSession) =>
    session.position !== null && world.sessionsBegun(reader) - session.begun >= SESSIONS_REMEMBERED;

  function homeOf(reader: number, ids: Ids): Map<number, number> {
    return new Map(plainHome(world.model, ids, reader, false).map((row) => [row.tweetId, row.activity]));
  }

  /** What moved or went, if only for a while, may rightly be missing from the session. */
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
