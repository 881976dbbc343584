/** Rows of the table `tweets`, and records made of them. */
import { snowflakeTime, type TextId } from '#domain/ids.ts';
import type { DeletedBy, TweetKind } from '#domain/names.ts';
import type { Entities, TweetRecord, Visibility } from '#domain/records.ts';
import type { Database } from '#platform/sqlite/database.ts';

/** The columns that decide what may be done with a row, without its text. */
export interface RowHeader {
  id: number;
  author: number;
  kind: TweetKind;
  root_id: number | null;
  version: number;
  deleted_at: number | null;
}

interface Row extends RowHeader {
  parent_id: number | null;
  quote_of: number | null;
  visibility: Visibility;
  lang: string | null;
  labels: string;
  app_id: string | null;
  content: string;
  entities: string;
  images: string;
}

/** The `author` of a tombstone for a comment that was never written, or not yet. */
export const NOBODY = 0;

export interface Rows {
  header(id: number): RowHeader | undefined;
  /** Undefined if the row is deleted, or is a comment on a deleted tweet. */
  find<Id extends TextId>(id: Id): TweetRecord<Id> | undefined;
  tweetExists(id: number | null): boolean;
  /** `position`: of the event `tweet.posted`; null for comments. */
  insert(record: TweetRecord<TextId>, position: number | null): void;
  /** A tombstone for a comment that was removed before it was written. */
  insertTombstone(tombstone: { id: number; by: DeletedBy; now: number }): void;
  /** Overwrites the text and all that came with it. Author, kind, parent and times are kept. */
  overwrite(tombstone: { id: number; by: DeletedBy; now: number }): void;
}

export function createRows(db: Database): Rows {
  const selectHeader = db.prepare(
    'SELECT id, author, kind, root_id, version, deleted_at FROM tweets WHERE id = ?',
  );
  const selectRecord = db.prepare(
    `SELECT id, author, kind, parent_id, root_id, quote_of, visibility, version, lang, labels, app_id, content,
     entities, images, deleted_at FROM tweets WHERE id = ? AND deleted_at IS NULL`,
  );
  const insertRow = db.prepare(
    `INSERT INTO tweets (id, author, kind, parent_id, root_id, quote_of, visibility, version, lang, labels, app_id,
     content, entities, images, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertTombstoneRow = db.prepare(
    `INSERT INTO tweets (id, author, kind, visibility, version, labels, content, entities, images, deleted_at,
     deleted_by) VALUES (?, ${NOBODY}, 'comment', 'public', 1, '', '', '', '', ?, ?)`,
  );
  const overwriteRow = db.prepare(
    `UPDATE tweets SET content = '', entities = '', images = '', labels = '', lang = NULL, app_id = NULL,
     quote_of = NULL, version = version + 1, deleted_at = ?, deleted_by = ? WHERE id = ?`,
  );
  const dropVersions = db.prepare('DELETE FROM tweet_versions WHERE tweet_id = ?');

  const header = (id: number) => selectHeader.get(id) as RowHeader | undefined;
  const tweetExists = (id: number | null) => {
    const row = id === null ? undefined : header(id);
    return row !== undefined && row.kind === 'tweet' && row.deleted_at === null;
  };
  return {
    header,
    tweetExists,
    find<Id extends TextId>(id: Id) {
      const row = selectRecord.get(id) as Row | undefined;
      if (row === undefined || (row.kind === 'comment' && !tweetExists(row.root_id))) return undefined;
      return toRecord(row) as TweetRecord<Id>;
    },
    insert(record, position) {
      const { id, author, kind, parentId, rootId, quoteOf, visibility, version, lang, appId, content } =
        record;
      insertRow.run(
        ...[id, author, kind, parentId, rootId, quoteOf, visibility, version, lang],
        ...[listToText(record.labels), appId, content, entitiesToText(record.entities)],
        ...[listToText(record.images), position],
      );
    },
    insertTombstone: ({ id, by, now }) => void insertTombstoneRow.run(id, now, by),
    overwrite({ id, by, now }) {
      overwriteRow.run(now, by, id);
      dropVersions.run(id);
    },
  };
}

function toRecord(row: Row): TweetRecord<TextId> {
  return {
    id: row.id,
    author: row.author,
    kind: row.kind,
    parentId: row.parent_id,
    rootId: row.root_id,
    quoteOf: row.quote_of,
    visibility: row.visibility,
    version: row.version,
    lang: row.lang,
    labels: listFromText(row.labels),
    appId: row.app_id,
    content: row.content,
    entities: entitiesFromText(row.entities),
    images: listFromText(row.images),
    time: snowflakeTime(row.id),
  };
}

function listToText(list: readonly unknown[]): string {
  return list.length === 0 ? '' : JSON.stringify(list);
}

function listFromText<T>(text: string): T[] {
  return text === '' ? [] : (JSON.parse(text) as T[]);
}

function entitiesToText(entities: Entities): string {
  const { mentions, hashtags, links } = entities;
  const none = mentions.length === 0 && hashtags.length === 0 && links.length === 0;
  return none ? '' : JSON.stringify(entities);
}

function entitiesFromText(text: string): Entities {
  return text === '' ? { mentions: [], hashtags: [], links: [] } : (JSON.parse(text) as Entities);
}
