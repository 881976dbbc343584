/** Ids are packed as little-endian doubles, as are positions: 16 of the topic tweets, then 16 of reposts. */
export const TIMELINE_MIGRATIONS = [
  `CREATE TABLE homes (
    reader INTEGER PRIMARY KEY,
    ids BLOB NOT NULL,
    floor INTEGER NOT NULL,
    members INTEGER NOT NULL,
    complete_to BLOB NOT NULL,
    updated_at INTEGER NOT NULL
  );
  CREATE INDEX homes_by_age ON homes (updated_at);
  CREATE TABLE pulled (
    actor INTEGER PRIMARY KEY,
    ids BLOB NOT NULL,
    floor INTEGER NOT NULL
  );`,
];
