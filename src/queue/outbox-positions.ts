/** The start and end positions of an outbox's partitions: how far they were trimmed and how far they were written. */
import { PARTITIONS, type Topic } from '#domain/events.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { LogRange } from './log.ts';

export interface OutboxPositions {
  /** The range of what is committed and durable. A copy, which the caller may change. */
  of(topic: Topic): LogRange;
  /** Must be called inside the write that moves a position. */
  moved(topic: Topic, partition: number): void;
}

interface HeadRow {
  head: number;
  trimmed: number;
}

/**
 * Where this process is the file's sole owner, positions are kept in memory: they are read once, and after each commit
 * only those that it moved, however often they are asked for. Otherwise they are read each time.
 */
export function createOutboxPositions(db: Database): OutboxPositions {
  const all = db.prepare('SELECT partition, head, trimmed FROM outbox_heads WHERE topic = ?');
  const one = db.prepare('SELECT head, trimmed FROM outbox_heads WHERE topic = ? AND partition = ?');
  const known = new Map<Topic, LogRange>();
  /** What the current group of writes moved. What a write that was rolled back leaves here is merely read in vain. */
  const moved = new Map<Topic, Set<number>>();

  function read(topic: Topic): LogRange {
    const range: LogRange = { start: emptyPositions(), end: emptyPositions() };
    for (const row of all.all(topic) as unknown as (HeadRow & { partition: number })[]) {
      range.end[row.partition] = row.head;
      range.start[row.partition] = row.trimmed;
    }
    return range;
  }
  if (!db.soleOwner) return { of: read, moved() {} };

  db.onCommit(() => {
    for (const [topic, partitions] of moved) {
      const range = known.get(topic);
      if (range === undefined) continue;
      for (const partition of partitions) {
        const row = one.get(topic, partition) as HeadRow | undefined;
        range.end[partition] = row?.head ?? 0;
        range.start[partition] = row?.trimmed ?? 0;
      }
    }
    moved.clear();
  });
  return {
    of(topic) {
      let range = known.get(topic);
      if (range === undefined) {
        range = read(topic);
        known.set(topic, range);
      }
      return { end: range.end.slice(), start: range.start.slice() };
    },
    moved(topic, partition) {
      const partitions = moved.get(topic);
      if (partitions === undefined) moved.set(topic, new Set([partition]));
      else partitions.add(partition);
    },
  };
}

function emptyPositions(): number[] {
  return new Array<number>(PARTITIONS).fill(0);
}
