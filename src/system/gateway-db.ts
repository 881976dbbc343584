import type { OpenedAccountsStore } from '#accounts/accounts-store.ts';
import { createCachedAccountsStore } from '#accounts/stores/cached.ts';
import { createSqliteAuditLog } from '#accounts/stores/sqlite/audit.ts';
import {
  ACCOUNTS_SCHEMA,
  ADMINISTRATION_SCHEMA,
  NOTICES_SCHEMA,
  SESSION_LIFE_SCHEMA,
} from '#accounts/stores/sqlite/schema.ts';
import { createSqliteAccountsStore } from '#accounts/stores/sqlite.ts';
import type { MediaIndex } from '#media/media-index.ts';
import { MEDIA_LAST_USE_SCHEMA, MEDIA_SCHEMA } from '#media/stores/sqlite/schema.ts';
import { createSqliteMediaIndex } from '#media/stores/sqlite.ts';
import type { ReportsStore } from '#moderation/reports-store.ts';
import { REPORTS_SCHEMA } from '#moderation/stores/sqlite/schema.ts';
import { createSqliteReportsStore } from '#moderation/stores/sqlite.ts';
import { createSqliteHighWater, HIGH_WATER_SCHEMA, type HighWater } from '#platform/ids/high-water.ts';
import type { CommitFaults, Database } from '#platform/sqlite/database.ts';
import type { Disk } from '#platform/sqlite/disk.ts';
import { openDatabase } from '#platform/sqlite/open-database.ts';

/** One open handle on the backend that accounts, the audit log, reports and the media index share. */
export interface OpenedGatewayStores extends OpenedAccountsStore {
  media: MediaIndex;
  reports: ReportsStore;
  /** How far ids and times had advanced, kept in every commit of any of these stores. */
  readonly highWater: HighWater;
  /** Resolves when everything asked for before is durable; the stores must not be used afterwards. */
  close(): Promise<void>;
}

export interface GatewayDb extends OpenedGatewayStores {
  db: Database;
}

/**
 * Opens the gateway's single file: accounts, sessions, secrets, the audit log, reports and the media index.
 */
export function openGatewayDb(options: {
  path: string;
  disk?: Disk | undefined;
  faults?: CommitFaults | undefined;
}): GatewayDb {
  const { path, disk, faults } = options;
  const migrations = [
    ACCOUNTS_SCHEMA,
    MEDIA_SCHEMA,
    ADMINISTRATION_SCHEMA,
    REPORTS_SCHEMA,
    MEDIA_LAST_USE_SCHEMA,
    HIGH_WATER_SCHEMA,
    SESSION_LIFE_SCHEMA,
    NOTICES_SCHEMA,
  ];
  const db = openDatabase({ path, durability: 'full', disk, faults, migrations });
  return {
    db,
    accounts: createCachedAccountsStore({ store: createSqliteAccountsStore(db) }),
    audit: createSqliteAuditLog(db),
    media: createSqliteMediaIndex(db),
    reports: createSqliteReportsStore(db),
    highWater: createSqliteHighWater(db),
    close: db.close,
  };
}
