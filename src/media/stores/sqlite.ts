import type { Database } from '#platform/sqlite/database.ts';
import type { MediaIndex, MediaRow, MediaStatus } from '../media-index.ts';

const ROW = `name, owner, file_name AS fileName, alt, width, height, content_hash AS contentHash, created, state, holds`;
type Named = { name: string };

/** {@link MediaIndex} on a database whose migrations contain MEDIA_SCHEMA. */
export function createSqliteMediaIndex(db: Database): MediaIndex {
  const unused = db.prepare('SELECT count(*) AS count FROM media WHERE owner = ? AND last_use IS NULL');
  const insert = db.prepare(
    `INSERT INTO media (name, owner, file_name, alt, width, height, content_hash, created, check_at, state, upload)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'storing', (SELECT coalesce(max(upload), 0) + 1 FROM media))`,
  );
  const keep = db.prepare(`UPDATE media SET state = 'kept' WHERE name = ? AND state = 'storing'`);
  const byName = db.prepare(`SELECT ${ROW} FROM media WHERE name = ? AND owner = ? AND state = 'kept'`);
  const byFile = db.prepare(
    `SELECT ${ROW} FROM media WHERE file_name = ? AND owner = ? AND state = 'kept' ORDER BY upload DESC LIMIT 1`,
  );
  const addHold = db.prepare(
    'INSERT INTO media_holds (hold_id, name, until) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const countHold = db.prepare('UPDATE media SET holds = holds + 1 WHERE name = ?');
  const noteUse = db.prepare(
    'UPDATE media SET last_use = ?1, used = 1 WHERE name IN (SELECT name FROM media_holds WHERE hold_id = ?2)',
  );
  const find = db.prepare(`SELECT owner, last_use AS lastUse FROM media WHERE name = ? AND state = 'kept'`);
  const dropHold = db.prepare('DELETE FROM media_holds WHERE hold_id = ?');
  const due = db.prepare(
    `SELECT name FROM (SELECT name FROM media WHERE state = 'deleting' LIMIT ?3 + 0)
     UNION ALL SELECT name FROM (SELECT name FROM media WHERE state = 'storing' AND created < ?2 LIMIT ?3 + 0)
     UNION ALL SELECT name FROM (SELECT name FROM media WHERE state = 'kept' AND check_at <= ?1 ORDER BY check_at LIMIT ?3 + 0)
     LIMIT ?3 + 0`,
  );
  const statusOf = db.prepare(
    `SELECT name, state, holds, used,
       (SELECT max(until) FROM media_holds h WHERE h.name = media.name AND until > ?2) AS heldUntil
     FROM media WHERE name IN (SELECT value FROM json_each(?1))`,
  );
  const claim = db.prepare(
    `UPDATE media SET state = 'deleting' WHERE name = ? AND holds = ? AND state <> 'deleting' RETURNING name`,
  );
  const ofOwner = db.prepare('SELECT name FROM media WHERE owner = ? LIMIT ? + 0');
  const claimAny = db.prepare(`UPDATE media SET state = 'deleting' WHERE name = ?`);
  const list = db.prepare('SELECT name, owner FROM media WHERE name > ? ORDER BY name LIMIT ? + 0');
  const owner = db.prepare('SELECT owner FROM media WHERE name = ?');
  const postpone = db.prepare('UPDATE media SET check_at = ? WHERE name = ?');
  const setUsed = db.prepare(`UPDATE media SET used = ?, last_use = coalesce(last_use, '') WHERE name = ?`);
  const forget = db.prepare(`DELETE FROM media WHERE name = ? AND state = 'deleting'`);

  return {
    begin: ({ media, checkAt, maxUnused }) =>
      db.write(() => {
        const { name, owner, fileName, alt, width, height, contentHash, created } = media;
        if ((unused.get(owner) as { count: number }).count >= maxUnused) return false;
        insert.run(name, owner, fileName, alt, width, height, contentHash, created, checkAt);
        return true;
      }),
    keep: ({ name }) => db.write(() => keep.run(name).changes === 1),
    hold: ({ owner, names, holdId, until }) =>
      db.write(() => {
        const held: MediaRow[] = [];
        for (const name of names) {
          const row = (byName.get(name, owner) ?? byFile.get(name, owner)) as MediaRow | undefined;
          if (row === undefined) return { unknown: name };
          held.push(row);
        }
        for (const { name } of held) {
          addHold.run(holdId, name, until);
          countHold.run(name);
        }
        return { held };
      }),
    release: ({ holdId, usedBy }) =>
      db.write(() => {
        if (usedBy !== null) noteUse.run(usedBy, holdId);
        dropHold.run(holdId);
      }),
    find: async ({ name }) => find.get(name) as Awaited<ReturnType<MediaIndex['find']>>,
    due: async ({ now, storingBefore, limit }) =>
      (due.all(now, storingBefore, limit) as unknown as Named[]).map(({ name }) => name),
    statuses: async ({ names, now }) =>
      statusOf
        .all(JSON.stringify(names), now)
        .map((row) => ({ ...row, used: row.used === 1 }) as MediaStatus),
    claim: ({ media }) =>
      db.write(() =>
        media.filter(({ name, holds }) => claim.get(name, holds) !== undefined).map(({ name }) => name),
      ),
    scan: async ({ after, limit }) =>
      list.all(after, limit) as unknown as Awaited<ReturnType<MediaIndex['scan']>>,
    ownerOf: async ({ name }) => (owner.get(name) as { owner: number } | undefined)?.owner,
    claimNamed: ({ name }) => db.write(() => claimAny.run(name).changes === 1),
    claimOwner: ({ owner, limit }) =>
      db.write(() => {
        const names = (ofOwner.all(owner, limit) as unknown as Named[]).map(({ name }) => name);
        for (const name of names) claimAny.run(name);
        return names;
      }),
    postpone: ({ names, checkAt, used }) =>
      db.write(() => {
        for (const name of names) {
          postpone.run(checkAt, name);
          if (used !== undefined) setUsed.run(used ? 1 : 0, name);
        }
      }),
    forget: ({ names }) =>
      db.write(() => {
        for (const name of names) forget.run(name);
        db.noteErased();
      }),
  };
}
