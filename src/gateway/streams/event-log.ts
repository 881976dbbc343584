import type { PubSubEvent } from '#queue/pubsub.ts';

/** What a stream sends. `counts` are read when they are sent. */
export type Entry = PubSubEvent | { type: 'counts' };

/** One user's last events, numbered. Ids are `epoch-n`; the epoch distinguishes a user's successive logs. */
export interface EventLog {
  /** The number of the newest entry; 0: there was none yet. */
  newest(): number;
  append(entry: Entry): void;
  /** At most `limit` entries after that number, oldest first; undefined: some of them are already gone. */
  after(number: number, limit: number): Entry[] | undefined;
  idOf(number: number): string;
  /** The number in an id of this log; undefined: another log's id, or none at all. */
  numberOf(id: string): number | undefined;
}

const ID = /^([0-9a-f]{1,32})-(0|[1-9]\d{0,14})$/;

/** A log that keeps the last `capacity` entries. */
export function createEventLog(epoch: string, capacity: number): EventLog {
  const ring: Entry[] = [];
  let newest = 0;
  return {
    newest: () => newest,
    append(entry) {
      ring[newest % capacity] = entry;
      newest += 1;
    },
    after(number, limit) {
      if (newest - number > capacity) return undefined;
      const entries: Entry[] = [];
      for (let n = number; n < Math.min(newest, number + limit); n++) entries.push(ring[n % capacity]!);
      return entries;
    },
    idOf: (number) => `${epoch}-${number}`,
    numberOf(id) {
      const parts = ID.exec(id);
      const number = Number(parts?.[2]);
      return parts?.[1] === epoch && number <= newest ? number : undefined;
    },
  };
}
