import { PARTITIONS, type WarbleEvent } from '#domain/events.ts';
import type { Log } from '#queue/log.ts';

/** Reads the topics `follows` and `accounts`: each call returns the events since the previous one. */
export function createEventReader(log: Log): () => Promise<WarbleEvent[]> {
  const positions = new Map<string, number>();
  return async () => {
    const events: WarbleEvent[] = [];
    for (const topic of ['follows', 'accounts'] as const) {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const place = `${topic}/${partition}`;
        const after = positions.get(place) ?? 0;
        const records = await log.read({ topic, partition, after, limit: 1_000_000 });
        positions.set(place, records.at(-1)?.position ?? after);
        events.push(...records.map((record) => record.event));
      }
    }
    return events;
  };
}

/** `follow.added 1>2`: the actor, and the other user (0 in events about the actor alone). */
export function headline({ topic, type, key, actorId, entityId }: WarbleEvent): string {
  return `${type} ${actorId}>${topic === 'follows' ? key : entityId}`;
}
