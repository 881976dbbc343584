/** The heads of an outbox: how far each partition of its topics has come, and how far it was trimmed. */
import { PARTITIONS, type Topic } from '#domain/events.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { LogHeads } from './log.ts';

export interface OutboxHeads {
  /** What is committed and durable. The caller's own to change. */
  of(topic: Topic): LogHeads;
  /** To be called inside the write that moves a head. */
  moved(topic: Topic, partition: number): void;
}

interface HeadRow {
  head: number;
  trimmed: number;
}

/**
 * Where this process is the file's sole owner, heads are known: they are read once, and then only those that a commit
 * moved, once a commit, whoever asks and how often. Where it is not, they are read each time.
 */
export function createOutboxHeads(db: Database): OutboxHeads {
  const all = db.prepare('SELECT partition, head, trimmed FROM outbox_heads WHERE topic = ?');
  const one = db.prepare('SELECT head, trimmed FROM outbox_heads WHERE topic = ? AND partition = ?');
  const known = new Map<Topic, LogHeads>();
  /** Of the group of writes under way; what a write that was undone leaves is only read for nothing. */
  const moved = new Map<Topic, Set<number>>();

  function read(topic: Topic): LogHeads {
    const heads: LogHeads = { newest: emptyPositions(), trimmed: emptyPositions() };
    for (const row of all.all(topic) as unknown as (HeadRow & { partition: number })[]) {
      heads.newest[row.partition] = row.head;
      heads.trimmed[row.partition] = row.trimmed;
    }
    return heads;
  }
  if (!db.soleOwner) return { of: read, moved() {} };

  db.onCommit(() => {
    for (const [topic, partitions] of moved) {
      const heads = known.get(topic);
      if (heads === undefined) continue;
      for (const partition of partitions) {
        const row = one.get(topic, partition) as HeadRow | undefined;
        heads.newest[partition] = row?.head ?? 0;
        heads.trimmed[partition] = row?.trimmed ?? 0;
      }
    }
    moved.clear();
  });
  return {
    of(topic) {
      let heads = known.get(topic);
      if (heads === undefined) {
        heads = read(topic);
        known.set(topic, heads);
      }
      return { newest: heads.newest.slice(), trimmed: heads.trimmed.slice() };
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
