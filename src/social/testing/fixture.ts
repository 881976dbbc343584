/** A social service on a fresh store, a manual clock and a real minter, for tests. */
import type { UserId } from '#domain/ids.ts';
import { createManualClock } from '#platform/clock.ts';
import { createMinter } from '#platform/ids/minter.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { createSteadyClock } from '#platform/steady-clock.ts';
import { createProtectionMigrator } from '../protection-migration.ts';
import { createSocialService } from '../social-service.ts';
import type { OpenedSocialStore } from '../social-store.ts';
import { createCachedSocialStore } from '../stores/cached.ts';
import { openSqliteSocialStore } from '../stores/sqlite.ts';
import { createEventReader, headline } from './events.ts';

export const T0 = Date.UTC(2026, 0, 21, 10, 24);

export interface FixtureOptions {
  cached?: boolean;
  faults?: CommitFaults;
  /** A file that exists already; otherwise a fresh store in memory. */
  path?: string;
}

/** On SQLite. */
export async function openSocial({ cached, faults, path = ':memory:' }: FixtureOptions = {}) {
  const sqlite = openSqliteSocialStore({ path, ...(faults === undefined ? {} : { faults }) });
  return { ...createSocial(sqlite, cached), sqlite, crash: () => sqlite.db.crash() };
}

/** On any store. */
export function createSocial(opened: OpenedSocialStore, cached = false) {
  const clock = createManualClock(T0);
  const minter = createMinter({ clock: createSteadyClock(clock) });
  const store = cached ? createCachedSocialStore({ store: opened }) : opened;
  const deps = { store, minter, clock };
  const social = createSocialService(deps);
  const readEvents = createEventReader(opened.log);

  return {
    social,
    store,
    clock,
    minter,
    protectionMigrator: createProtectionMigrator(deps),
    events: readEvents,
    /** Headlines of the events since this was last asked, sorted. */
    newEvents: async () => (await readEvents()).map(headline).sort(),
    /** Lets a moment pass. */
    async tick(): Promise<void> {
      clock.advance(1_000);
    },
    /** Creates users with these ids; their handles are `p1`, `p2` … */
    async users(...userIds: UserId[]): Promise<void> {
      await Promise.all(
        userIds.map((userId) =>
          social.createUser({ userId, handle: `p${userId}`, name: `User ${userId}`, time: clock.now() }),
        ),
      );
    },
    close: opened.close,
  };
}
