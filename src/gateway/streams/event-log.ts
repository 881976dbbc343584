import type { PubSubEvent } from '#queue/pubsub.ts';

/** What a stream tells; `counts` is asked for when it is told. */
export type Entry = PubSubEvent | { type: 'counts' };

/** One user's last events, numbered. Ids are `epoch-n`; the epoch tells one log of a user from the next. */
export interface EventLog {
  /** The number of the newest entry, 0 when there was none yet. */
  newest(): number;
  append(entry: Entry): void;
  /** At most `limit` entries after that number, oldest first; undefined: some of them are gone already. */
  after(number: number, limit: number): Entry[] | undefined;
  idOf(number: number): string;
  /** The number that an id of this log stands for; undefined: another log's, or none. */
  numberOf(id: string): number | undefined;
}

const ID = /^([0-9a-f]{1,32})-(0|[1-9]\d{0,14})$/;

/** A log that remembers `capacity` entries. */
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
