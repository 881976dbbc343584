import { isWhole } from '#platform/sqlite/damage.ts';
import type { DerivedDatabase } from '#platform/sqlite/derived-database.ts';
import { createSqliteViewStore } from '#queue/stores/sqlite-view-store.ts';
import { NOTIFICATION_TYPES, type NotificationType } from '../notifications.ts';
import {
  type Item,
  type ItemChange,
  type ItemsPatch,
  type NotificationItems,
  STORE_LIMITS,
  type StoredBellJob,
} from '../notifications-store.ts';

const VIEW = 'notifications';

interface ItemRow {
  recipient: number;
  id: number;
  type: NotificationType;
  tweet_id: number | null;
  comment_id: number | null;
  actor: number;
  arrival: number;
}

function isItem({ recipient, id, type, tweet_id, comment_id, actor, arrival }: ItemRow): boolean {
  return (
    [recipient, id, actor, arrival, tweet_id ?? 0, comment_id ?? 0].every(isWhole) &&
    NOTIFICATION_TYPES.includes(type)
  );
}

interface Place {
  partition: number;
  generation: number;
}

/** {@link NotificationItems} on SQLite, and how to forget somebody's. */
export interface SqliteItems extends NotificationItems {
  /** Only inside `db.write`. Returns how many rows went. */
  erase(userId: number, limit: number): number;
}

export function createSqliteItems(db: DerivedDatabase): SqliteItems {
  const rows = rowsOn(db);
  const views = createSqliteViewStore<ItemsPatch>({ db, name: VIEW, apply: rows.apply, drop: rows.drop });
  const newestArrival = db.prepare('SELECT newest FROM arrivals');
  const select = db.prepare(
    `SELECT recipient, id, type, tweet_id, comment_id, actor, arrival FROM items
     CROSS JOIN view_state v ON v.view = '${VIEW}' AND v.partition = items.partition
       AND v.live_generation = items.generation
     WHERE recipient = ? AND id > ? ORDER BY id DESC LIMIT ${STORE_LIMITS.items}`,
  );
  return {
    views,
    arrival: async () => (newestArrival.get() as { newest: number }).newest,
    items: async ({ recipient, above }) =>
      (select.all(recipient, above) as unknown as ItemRow[]).map((row) => {
        if (!isItem(row)) throw db.damaged(`what ${recipient} was told cannot be read`);
        return {
          recipient: row.recipient,
          id: row.id,
          type: row.type,
          tweetId: row.tweet_id,
          commentId: row.comment_id,
          actor: row.actor,
          arrival: row.arrival,
        };
      }),
    ...jobsOn(db, rows),
    erase: eraserOn(db),
  };
}

interface Rows {
  /** The number that what this commit adds will carry. */
  nextArrival: () => number;
  change: (change: ItemChange, at: Place, arrival: number) => void;
  /** Keeps the newest of what one partition's generation told somebody. */
  trim: (recipients: Iterable<number>, at: Place) => void;
  apply: (patch: ItemsPatch, at: Place) => void;
  drop: (at: Place & { limit: number }) => number;
}

function rowsOn(db: DerivedDatabase): Rows {
  const change = changerOn(db);
  const raise = db.prepare('UPDATE arrivals SET newest = newest + 1 RETURNING newest');
  const trimOne = db.prepare(
    `DELETE FROM items WHERE recipient = ?1 AND generation = ?2 AND partition = ?3 AND id <= (
       SELECT id FROM items WHERE recipient = ?1 AND generation = ?2 AND partition = ?3
       ORDER BY id DESC LIMIT 1 OFFSET ${STORE_LIMITS.items})`,
  );
  const addJob = db.prepare(
    `INSERT OR IGNORE INTO bell_jobs (tweet_id, generation, partition, author, after_user) VALUES (?, ?, ?, ?, ?)`,
  );
  const dropItems = db.prepare(
    `DELETE FROM items WHERE (recipient, id, generation, partition) IN (
       SELECT recipient, id, generation, partition FROM items WHERE partition = ? AND generation = ? LIMIT ? + 0)`,
  );
  const dropJobs = db.prepare(
    `DELETE FROM bell_jobs WHERE (tweet_id, generation, partition) IN (
       SELECT tweet_id, generation, partition FROM bell_jobs WHERE partition = ? AND generation = ? LIMIT ? + 0)`,
  );
  const nextArrival = () => (raise.get() as { newest: number }).newest;

  function trim(recipients: Iterable<number>, { generation, partition }: Place): void {
    for (const recipient of recipients) trimOne.run(recipient, generation, partition);
  }

  return {
    nextArrival,
    change,
    trim,
    apply({ changes, bellJobs, stood }, at) {
      const adds = changes.some((one) => one.change === 'add' || (one.change === 'settleFollow' && one.item));
      const arrival = stood || !adds ? 0 : nextArrival();
      const told = new Set<number>();
      for (const one of changes) {
        change(one, at, arrival);
        if (one.change === 'add') told.add(one.item.recipient);
        if (one.change === 'settleFollow') told.add(one.recipient);
      }
      trim(told, at);
      for (const { tweetId, author, after } of bellJobs) {
        addJob.run(tweetId, at.generation, at.partition, author, after);
      }
    },
    drop({ partition, generation, limit }) {
      const items = Number(dropItems.run(partition, generation, limit).changes);
      const jobs = Number(dropJobs.run(partition, generation, limit).changes);
      return items + jobs;
    },
  };
}

function changerOn(db: DerivedDatabase): Rows['change'] {
  const insert = db.prepare(
    `INSERT OR IGNORE INTO items
       (recipient, id, generation, partition, type, tweet_id, comment_id, actor, arrival)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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

  function add(item: Item, { generation, partition }: Place, arrival: number): void {
    const { recipient, id, type, tweetId, commentId, actor } = item;
    insert.run(recipient, id, generation, partition, type, tweetId, commentId, actor, arrival);
  }

  return (change, at, arrival) => {
    const { generation, partition } = at;
    switch (change.change) {
      case 'add':
        return add(change.item, at, arrival);
      case 'remove':
        return void remove.run(change.recipient, change.id, generation, partition);
      case 'removeTweet':
        return void removeTweet.run(change.recipient, change.tweetId, generation, partition);
      case 'settleFollow': {
        const { recipient, actor, item } = change;
        removeFollow.run(actor, recipient, generation, partition, item?.id ?? 0);
        if (item !== null) add(item, at, arrival);
      }
    }
  };
}

function jobsOn(db: DerivedDatabase, rows: Rows): Pick<NotificationItems, 'bellJobs' | 'advanceBellJob'> {
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
    advanceBellJob: ({ job, items, next }) =>
      db.write(() => {
        const { tweetId, generation, partition, after } = job;
        const moved =
          next === null
            ? end.run(tweetId, generation, partition, after)
            : move.run(next, tweetId, generation, partition, after);
        if (moved.changes === 0) return false;
        if (items.length === 0) return true;
        const arrival = rows.nextArrival();
        for (const item of items) rows.change({ change: 'add', item }, job, arrival);
        rows.trim(new Set(items.map(({ recipient }) => recipient)), job);
        return true;
      }),
  };
}

function eraserOn(db: DerivedDatabase): SqliteItems['erase'] {
  const bounded = (where: string) =>
    db.prepare(
      `DELETE FROM items WHERE (recipient, id, generation, partition) IN (
         SELECT recipient, id, generation, partition FROM items WHERE ${where} LIMIT ? + 0)`,
    );
  const own = bounded('recipient = ?');
  const caused = bounded('actor = ?');
  return (userId, limit) => {
    const gone = Number(own.run(userId, limit).changes);
    return gone < limit ? gone + Number(caused.run(userId, limit - gone).changes) : gone;
  };
}
