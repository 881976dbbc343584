import {
  type DerivedDatabase,
  type DerivedDatabaseOptions,
  openDerivedDatabase,
} from '#platform/sqlite/derived-database.ts';
import { createSqliteViewStore, VIEW_STATE_SCHEMA } from '#queue/stores/sqlite/view-store.ts';
import type { MediaUse } from '../../media.ts';
import type { OpenedMediaUses } from '../../media-uses.ts';
import { MEDIA_USES_VIEW, type UsesPatch } from '../../media-uses-view.ts';
import { MEDIA_USES_SCHEMA } from './schema.ts';

export interface MediaUsesDb extends OpenedMediaUses {
  db: DerivedDatabase;
}

/** Opens the file of the view of uses. Derived: it may be deleted, and is built again. */
export function openMediaUsesDb(options: Omit<DerivedDatabaseOptions, 'migrations'>): MediaUsesDb {
  const migrations = [`${VIEW_STATE_SCHEMA}\n${MEDIA_USES_SCHEMA}`];
  const db = openDerivedDatabase({ ...options, migrations });
  const namesUsedBy = db.prepare(
    'SELECT name FROM media_uses WHERE partition = ? AND generation = ? AND used_by = ?',
  );
  const add = db.prepare('INSERT INTO media_uses (partition, generation, used_by, name) VALUES (?, ?, ?, ?)');
  const remove = db.prepare('DELETE FROM media_uses WHERE partition = ? AND generation = ? AND used_by = ?');
  const release = db.prepare('INSERT INTO media_released (name) VALUES (?) ON CONFLICT DO NOTHING');
  const drop = db.prepare(
    `DELETE FROM media_uses WHERE (partition, generation, used_by, name) IN
       (SELECT partition, generation, used_by, name FROM media_uses WHERE partition = ? AND generation = ? LIMIT ? + 0)`,
  );
  const used = db.prepare(
    'SELECT DISTINCT name FROM media_uses WHERE name IN (SELECT value FROM json_each(?))',
  );
  const usesOf = db.prepare(
    'SELECT DISTINCT used_by AS usedBy FROM media_uses WHERE name = ? ORDER BY used_by DESC LIMIT ? + 0',
  );
  const released = db.prepare('SELECT name FROM media_released LIMIT ? + 0');
  const dismiss = db.prepare('DELETE FROM media_released WHERE name = ?');

  return {
    db,
    close: db.close,
    uses: {
      usesOf: async ({ name, limit }) =>
        (usesOf.all(name, limit) as { usedBy: MediaUse }[]).map(({ usedBy }) => usedBy),
      used: async ({ names }) => namesOf(used.all(JSON.stringify(names))),
      released: async ({ limit }) => namesOf(released.all(limit)),
      dismiss: ({ names }) =>
        db.write(() => {
          for (const name of names) dismiss.run(name);
        }),
    },
    viewStore: createSqliteViewStore<UsesPatch>({
      db,
      name: MEDIA_USES_VIEW,
      apply(patch, { partition, generation }) {
        for (const { usedBy, names } of patch) {
          const before = namesOf(namesUsedBy.all(partition, generation, usedBy));
          if (before.length > 0) remove.run(partition, generation, usedBy);
          for (const name of new Set(names)) add.run(partition, generation, usedBy, name);
          for (const name of before) if (!names.includes(name)) release.run(name);
        }
      },
      drop: ({ partition, generation, limit }) => Number(drop.run(partition, generation, limit).changes),
    }),
  };
}

function namesOf(rows: Record<string, unknown>[]): string[] {
  return rows.map((row) => row.name as string);
}
