import type { UserId } from '#domain/ids.ts';
import { NOTIFICATION_TYPES, type NotificationType } from '#domain/names.ts';
import { isWhole } from '#platform/sqlite/damage.ts';
import type { DerivedDatabase } from '#platform/sqlite/derived-database.ts';
import { createSqliteViewStore } from '#queue/stores/sqlite/view-store.ts';
import type { Positions } from '#queue/view.ts';
import {
  type Arrival,
  type ProvenanceOf,
  provenanceOfCommit,
  provenanceOfScan,
  recipientsOf,
} from '../../arrivals.ts';
import {
  type Notification,
  type NotificationChange,
  type NotificationRecords,
  type NotificationsPatch,
  STORE_LIMITS,
  type StoredBellJob,
  type StoredNotification,
} from '../../notifications-store.ts';

const VIEW = 'notifications';
/** A recipient who was told nothing since arrivals are counted for each begins above all that were counted for everybody. */
const FIRST_ARRIVAL = '(SELECT newest FROM arrivals)';

interface NotificationRow {
  recipient: number;
  id: number;
  type: NotificationType;
  tweet_id: number | null;
  comment_id: number | null;
  actor: number;
  arrival: number;
  untold: number;
}

/** Columns by name, written out: a page looks at a thousand rows. */
function isNotification(row: NotificationRow): boolean {
  return (
    isWhole(row.recipient) &&
    isWhole(row.id) &&
    isWhole(row.actor) &&
    isWhole(row.arrival) &&
    (row.tweet_id === null || isWhole(row.tweet_id)) &&
    (row.comment_id === null || isWhole(row.comment_id)) &&
    NOTIFICATION_TYPES.includes(row.type)
  );
}

interface GenerationKey {
  partition: number;
  generation: number;
}

/** {@link NotificationRecords} on SQLite, and their erasure. */
export interface SqliteNotifications extends NotificationRecords {
  /** Only inside `db.write`. Returns how many rows were deleted. */
  erase(userId: number, limit: number): number;
}

export function createSqliteNotifications(db: DerivedDatabase): SqliteNotifications {
  const rows = rowsOn(db);
  const views = createSqliteViewStore<NotificationsPatch>({
    db,
    name: VIEW,
    apply: rows.apply,
    drop: rows.drop,
  });
  const newestArrival = db.prepare(
    `SELECT coalesce((SELECT newest FROM arrivals_of WHERE recipient = ?), ${FIRST_ARRIVAL}) AS newest`,
  );
  const live = `FROM items
     CROSS JOIN view_state v ON v.view = '${VIEW}' AND v.partition = items.partition
       AND v.live_generation = items.generation`;
  const columns = 'recipient, id, type, tweet_id, comment_id, actor, arrival, untold';
  const above = db.prepare(
    `SELECT ${columns} ${live} WHERE recipient = ? AND id > ? ORDER BY id DESC LIMIT ${STORE_LIMITS.notifications}`,
  );
  const late = db.prepare(
    `SELECT ${columns} ${live.replace('FROM items', 'FROM items INDEXED BY items_by_arrival')}
     WHERE recipient = ? AND arrival > ? AND id <= ? ORDER BY id DESC LIMIT ${STORE_LIMITS.notifications}`,
  );
  return {
    views,
    async arrival({ recipient }) {
      const { newest } = newestArrival.get(recipient) as { newest: unknown };
      if (!isWhole(newest)) throw db.damaged(`the arrivals of ${recipient} cannot be read`);
      return newest as number;
    },
    async notifications({ recipient, since }) {
      const rows = above.all(recipient, since?.upTo ?? 0) as unknown as NotificationRow[];
      if (since !== undefined) {
        rows.push(...(late.all(recipient, since.arrival, since.upTo) as unknown as NotificationRow[]));
      }
      return rows.slice(0, STORE_LIMITS.notifications).map((row) => {
        if (!isNotification(row)) throw db.damaged(`what ${recipient} was told cannot be read`);
        return notificationOf(row);
      });
    },
    ...jobsOn(db, rows),
    erase: eraserOn(db),
  };
}

function notificationOf(row: NotificationRow): StoredNotification {
  return {
    recipient: row.recipient,
    id: row.id,
    type: row.type,
    tweetId: row.tweet_id,
    commentId: row.comment_id,
    actor: row.actor,
    arrival: row.arrival,
    suppressed: row.untold === 1,
  };
}

interface Rows {
  /** For what one commit adds, in that commit. */
  arriving: (recipients: readonly UserId[]) => ProvenanceOf;
  change: (change: NotificationChange, at: GenerationKey, provenance: ProvenanceOf) => void;
  /** Keeps a recipient's newest notifications in one partition and generation. */
  trim: (recipients: Iterable<number>, at: GenerationKey) => void;
  apply: (patch: NotificationsPatch, at: GenerationKey) => void;
  drop: (at: GenerationKey & { limit: number }) => number;
}

function rowsOn(db: DerivedDatabase): Rows {
  const change = changerOn(db);
  const raise = db.prepare(
    `INSERT INTO arrivals_of (recipient, newest) SELECT value, ${FIRST_ARRIVAL} + 1 FROM json_each(?) WHERE true
     ON CONFLICT (recipient) DO UPDATE SET newest = newest + 1 RETURNING recipient, newest`,
  );
  const trimOne = db.prepare(
    `DELETE FROM items WHERE recipient = ?1 AND generation = ?2 AND partition = ?3 AND id <= (
       SELECT id FROM items WHERE recipient = ?1 AND generation = ?2 AND partition = ?3
       ORDER BY id DESC LIMIT 1 OFFSET ${STORE_LIMITS.notifications})`,
  );
  const addJob = db.prepare(
    `INSERT OR IGNORE INTO bell_jobs (tweet_id, generation, partition, author, after_user) VALUES (?, ?, ?, ?, ?)`,
  );
  const dropNotifications = db.prepare(
    `DELETE FROM items WHERE (recipient, id, generation, partition) IN (
       SELECT recipient, id, generation, partition FROM items WHERE partition = ? AND generation = ? LIMIT ? + 0)`,
  );
  const dropJobs = db.prepare(
    `DELETE FROM bell_jobs WHERE (tweet_id, generation, partition) IN (
       SELECT tweet_id, generation, partition FROM bell_jobs WHERE partition = ? AND generation = ? LIMIT ? + 0)`,
  );
  const positions = db.prepare(
    `SELECT live_positions AS live, building_positions AS building FROM view_state
     WHERE view = '${VIEW}' AND partition = ?`,
  );
  /**
   * The live generation has folded everything that was in the log when the rebuild began. So a notification that a scan
   * finds and the live generation lacks was not wanted: it is neither lost nor still to come.
   */
  function liveIsAhead(partition: number): boolean {
    const row = positions.get(partition) as { live: string; building: string | null } | undefined;
    if (row?.building == null) return false;
    const live = JSON.parse(row.live) as Positions;
    const began = Object.entries(JSON.parse(row.building) as Positions) as [keyof Positions, number][];
    return began.every(([topic, position]) => (live[topic] ?? 0) >= position);
  }
  /** One statement for all recipients of a commit: one for each took half as long again as the rest of a fold. */
  function arriving(recipients: readonly UserId[]): ProvenanceOf {
    if (recipients.length === 0) return provenanceOfCommit([]);
    const raised = raise.all(JSON.stringify([...new Set(recipients)])) as unknown as Arrival[];
    return provenanceOfCommit(raised);
  }

  function trim(recipients: Iterable<number>, { generation, partition }: GenerationKey): void {
    for (const recipient of recipients) trimOne.run(recipient, generation, partition);
  }

  return {
    arriving,
    change,
    trim,
    apply({ changes, bellJobs, scanned }, at) {
      const provenance = scanned
        ? provenanceOfScan(liveIsAhead(at.partition))
        : arriving(recipientsOf(changes));
      const told = new Set<number>();
      for (const one of changes) {
        change(one, at, provenance);
        if (one.change === 'add') told.add(one.notification.recipient);
        if (one.change === 'replaceFollow') told.add(one.recipient);
      }
      trim(told, at);
      for (const { tweetId, author, after } of bellJobs) {
        addJob.run(tweetId, at.generation, at.partition, author, after);
      }
    },
    drop({ partition, generation, limit }) {
      const notifications = Number(dropNotifications.run(partition, generation, limit).changes);
      const jobs = Number(dropJobs.run(partition, generation, limit).changes);
      return notifications + jobs;
    },
  };
}

function changerOn(db: DerivedDatabase): Rows['change'] {
  const liveGeneration = `(SELECT live_generation FROM view_state WHERE view = '${VIEW}' AND partition = ?4)`;
  // A generation under construction takes over from the live one how a notification arrived, whichever has it first.
  const inherited = (column: string, otherwise: string) =>
    `coalesce((SELECT ${column} FROM items WHERE recipient = ?1 AND id = ?2 AND partition = ?4
       AND generation = ${liveGeneration}), ${otherwise})`;
  const insert = db.prepare(
    `INSERT OR IGNORE INTO items
       (recipient, id, generation, partition, type, tweet_id, comment_id, actor, arrival, untold)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ${inherited('arrival', '?9')}, ${inherited('untold', '?10')})`,
  );
  const handDown = db.prepare(
    `UPDATE items SET arrival = ?, untold = ?
     WHERE recipient = ? AND id = ? AND partition = ? AND generation > ?`,
  );
  const remove = db.prepare(
    'DELETE FROM items WHERE recipient = ? AND id = ? AND generation = ? AND partition = ?',
  );
  const removeTweet = db.prepare(
    'DELETE FROM items WHERE recipient = ? AND tweet_id = ? AND generation = ? AND partition = ?',
  );
  const removeFollow = db.prepare(
    `DELETE FROM items WHERE actor = ? AND recipient = ? AND generation = ? AND partition = ?
       AND type IN ('follow', 'followRequest') AND id <> ?`,
  );

  function add(
    notification: Notification,
    { generation, partition }: GenerationKey,
    provenance: ProvenanceOf,
  ): void {
    const { arrival, suppressed } = provenance(notification.recipient);
    const { recipient, id, type, tweetId, commentId, actor } = notification;
    const about = [type, tweetId, commentId, actor] as const;
    const added = insert.run(recipient, id, generation, partition, ...about, arrival, +suppressed);
    if (added.changes > 0) handDown.run(arrival, +suppressed, recipient, id, partition, generation);
  }

  return (change, at, provenance) => {
    const { generation, partition } = at;
    switch (change.change) {
      case 'add':
        return add(change.notification, at, provenance);
      case 'remove':
        return void remove.run(change.recipient, change.id, generation, partition);
      case 'removeTweet':
        return void removeTweet.run(change.recipient, change.tweetId, generation, partition);
      case 'replaceFollow': {
        const { recipient, actor, notification } = change;
        removeFollow.run(actor, recipient, generation, partition, notification?.id ?? 0);
        if (notification !== null) add(notification, at, provenance);
      }
    }
  };
}

function jobsOn(db: DerivedDatabase, rows: Rows): Pick<NotificationRecords, 'bellJobs' | 'advanceBellJob'> {
  const select = db.prepare(
    `SELECT j.partition AS partition, generation, author, tweet_id AS tweetId, after_user AS after
     FROM bell_jobs j JOIN view_state v ON v.view = '${VIEW}' AND v.partition = j.partition
       AND (v.live_generation = generation OR v.building_generation = generation)
     ORDER BY tweet_id LIMIT ? + 0`,
  );
  const move = db.prepare(
    `UPDATE bell_jobs SET after_user = ?
     WHERE tweet_id = ? AND generation = ? AND partition = ? AND after_user = ?`,
  );
  const end = db.prepare(
    'DELETE FROM bell_jobs WHERE tweet_id = ? AND generation = ? AND partition = ? AND after_user = ?',
  );
  return {
    bellJobs: async ({ limit }) =>
      (select.all(limit) as unknown as StoredBellJob[]).map((job) => {
        if (!Object.values(job).every(isWhole)) throw db.damaged('a job of bells cannot be read');
        return { ...job };
      }),
    advanceBellJob: ({ job, notifications, next }) =>
      db.write(() => {
        const { tweetId, generation, partition, after } = job;
        const moved =
          next === null
            ? end.run(tweetId, generation, partition, after)
            : move.run(next, tweetId, generation, partition, after);
        if (moved.changes === 0) return false;
        if (notifications.length === 0) return true;
        const provenance = rows.arriving(notifications.map(({ recipient }) => recipient));
        for (const notification of notifications)
          rows.change({ change: 'add', notification }, job, provenance);
        rows.trim(new Set(notifications.map(({ recipient }) => recipient)), job);
        return true;
      }),
  };
}

function eraserOn(db: DerivedDatabase): SqliteNotifications['erase'] {
  const bounded = (where: string) =>
    db.prepare(
      `DELETE FROM items WHERE (recipient, id, generation, partition) IN (
         SELECT recipient, id, generation, partition FROM items WHERE ${where} LIMIT ? + 0)`,
    );
  const forgetArrivals = db.prepare('DELETE FROM arrivals_of WHERE recipient = ?');
  const own = bounded('recipient = ?');
  const caused = bounded('actor = ?');
  return (userId, limit) => {
    forgetArrivals.run(userId);
    const gone = Number(own.run(userId, limit).changes);
    return gone < limit ? gone + Number(caused.run(userId, limit - gone).changes) : gone;
  };
}
