/** The names that table constraints accept are those of the domain, so that a new name needs a migration. */
import assert from 'node:assert/strict';
import { globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { STORED_STATES } from '#accounts/account-row.ts';
import { createPasswordHasher } from '#accounts/password-hasher.ts';
import {
  ACCOUNT_NOTICE_TYPES,
  DELETED_BY,
  MODERATION_ACTS,
  SIGN_UP_MODES,
  SUBJECT_KINDS,
  TWEET_KINDS,
} from '#domain/names.ts';
import { MEDIA_STATES } from '#media/media-index.ts';
import { createManualClock } from '#platform/clock.ts';
import { createSeededRandom } from '#platform/random.ts';
import { createPublicApi } from '#system/public-api.ts';
import { createSystem } from '#system/system.ts';

/** By table and column. */
const EXPECTED: Record<string, readonly string[]> = {
  'accounts.state': STORED_STATES,
  'notices.type': ACCOUNT_NOTICE_TYPES,
  'sign_up.mode': SIGN_UP_MODES,
  'media.state': MEDIA_STATES,
  'reports.kind': SUBJECT_KINDS,
  'reports.act': MODERATION_ACTS,
  'tweets.kind': TWEET_KINDS,
  'tweets.deleted_by': DELETED_BY,
};
const CHECKED_LIST = /CHECK \((\w+) IN \(([^)]*)\)\)/g;

test('columns of names accept the names of the domain, and no others', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'warble-names-'));
  try {
    await createEveryFile(directory);
    const found = new Map<string, string[]>();
    for (const path of globSync(join(directory, '**/*.db'))) {
      for (const [column, names] of checkedListsOf(path)) found.set(column, names);
    }
    const sorted = (lists: Iterable<[string, readonly string[]]>) =>
      Object.fromEntries(Array.from(lists, ([column, names]) => [column, [...names].sort()]));
    assert.deepEqual(sorted(found), sorted(Object.entries(EXPECTED)));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

async function createEveryFile(directory: string): Promise<void> {
  const file = (name: string) => join(directory, name);
  mkdirSync(file('media'));
  const random = createSeededRandom(7);
  const system = await createSystem({ file, clock: createManualClock(Date.UTC(2026, 0, 21)), random });
  const api = await createPublicApi({
    system,
    config: { rateLimits: 'off', quotas: {}, metricsToken: null },
    directory: { file },
    random,
    logger: { info() {}, error() {}, warn() {} } as never,
    version: '0.0.0',
    hasher: createPasswordHasher({ random, memory_KiB: 8, passes: 1 }),
  });
  await api.close({ deadline_ms: 1_000 });
  await system.close();
}

/** Each column of a file with a constraint that lists its values. */
function* checkedListsOf(path: string): Generator<[column: string, names: string[]]> {
  const db = new DatabaseSync(path, { readOnly: true });
  const tables = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all();
  db.close();
  for (const { name, sql } of tables) {
    for (const [, column, list] of String(sql).matchAll(CHECKED_LIST)) {
      yield [`${name}.${column}`, list!.split(',').map((text) => text.trim().slice(1, -1))];
    }
  }
}
