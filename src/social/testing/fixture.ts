/** A social service on a fresh store, a manual clock and a real minter, for tests. */
import { PARTITIONS, type WarbleEvent } from '#domain/events.ts';
import type { UserId } from '#domain/ids.ts';
import { createManualClock } from '#platform/clock.ts';
import { createMinter } from '#platform/ids/minter.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { createSteadyClock } from '#platform/steady-clock.ts';
import type { Outbox } from '#queue/outbox.ts';
import { createSqliteLog } from '#queue/stores/sqlite/log.ts';
import { createProtectionMigrator } from '../protection-migration.ts';
import { createSocialService } from '../social-service.ts';
import { createCachedSocialStore } from '../stores/cached.ts';
import { openSqliteSocialStore } from '../stores/sqlite.ts';

export const T0 = Date.UTC(2026, 0, 21, 10, 24);

/** Reads the topics `follows` and `accounts` on from where it stood: each call gives what is new. */
export function createEventReader(outbox: Outbox): () => Promise<WarbleEvent[]> {
  const log = createSqliteLog(outbox);
  const positions = new Map<string, number>();
  return async () => {
    const events: WarbleEvent[] = [];
    for (const topic of ['follows', 'accounts'] as const) {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const place = `${topic}/${partition}`;
        const after = positions.get(place) ?? 0;
        const records = await log.read({ topic, partition, after, limit: 1_000_000 });
        positions.set(place, records.at(-1)?.position ?? after);
        events.push(...records.map((record) => record.event));
      }
    }
    return events;
  };
}

/** `follow.added 1>2`: who did it, and to whom (0 in events about oneself). */
export function headline({ topic, type, key, actorId, entityId }: WarbleEvent): string {
  return `${type} ${actorId}>${topic === 'follows' ? key : entityId}`;
}

export interface FixtureOptions {
  cached?: boolean;
  faults?: CommitFaults;
  /** A file to open again; a store in memory otherwise. */
  path?: string;
}

export async function openSocial({ cached = false, faults, path = ':memory:' }: FixtureOptions = {}) {
  const clock = createManualClock(T0);
  const minter = createMinter({ clock: createSteadyClock(clock) });
  const sqlite = openSqliteSocialStore({ path, ...(faults === undefined ? {} : { faults }) });
  const store = cached ? createCachedSocialStore({ store: sqlite }) : sqlite;
  const deps = { store, minter, clock };
  const social = createSocialService(deps);
  const readEvents = createEventReader(sqlite.outbox);

  return {
    social,
    store,
    sqlite,
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
    /** Makes users known with these ids: `p1`, `p2` … are their handles. */
    async users(...userIds: UserId[]): Promise<void> {
      await Promise.all(
        userIds.map((userId) =>
          social.createUser({ userId, handle: `p${userId}`, name: `User ${userId}`, time: clock.now() }),
        ),
      );
    },
    async close(): Promise<void> {
      await sqlite.db.close();
    },
    crash: () => sqlite.db.crash(),
  };
}
