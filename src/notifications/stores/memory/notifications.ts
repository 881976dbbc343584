import type { Topic } from '#domain/events.ts';
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { MemoryCommits } from '#platform/memory-commits.ts';
import { createMemoryViewStore, type MemoryViewStates } from '#queue/stores/memory/view-store.ts';
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

interface GenerationKey {
  partition: number;
  generation: number;
}

/** The content of one generation of one partition. */
interface Generation extends GenerationKey {
  told: StoredNotification[];
  jobs: StoredBellJob[];
}

/** What users were told. */
export interface RecordsData {
  states: MemoryViewStates;
  generations: Generation[];
  /** The newest arrival number of each recipient. */
  arrivals: Map<UserId, number>;
}

export function createRecordsData(): RecordsData {
  return { states: new Map(), generations: [], arrivals: new Map() };
}

/** {@link NotificationRecords} in memory. */
export function createMemoryNotifications(data: RecordsData, commits: MemoryCommits): NotificationRecords {
  return {
    views: createMemoryViewStore<NotificationsPatch>({
      commits,
      states: data.states,
      apply: (patch, at) => apply(data, patch, at),
      drop(at) {
        // A generation is dropped as a whole, as one entry.
        const left = data.generations.filter((one) => !isAt(at, one));
        const dropped = data.generations.length - left.length;
        data.generations = left;
        return dropped;
      },
    }),
    arrival: async ({ recipient }) => data.arrivals.get(recipient) ?? 0,
    notifications: async ({ recipient, since }) =>
      data.generations
        .filter((one) => isLive(data, one))
        .flatMap(({ told }) => told.filter((one) => one.recipient === recipient))
        .filter(({ id, arrival }) => since === undefined || id > since.upTo || arrival > since.arrival)
        .sort((a, b) => b.id - a.id)
        .slice(0, STORE_LIMITS.notifications)
        .map((one) => ({ ...one })),
    bellJobs: async ({ limit }) =>
      data.generations
        .filter((one) => isLive(data, one) || isBuilding(data, one))
        .flatMap(({ jobs }) => jobs)
        .sort((a, b) => a.tweetId - b.tweetId)
        .slice(0, limit)
        .map((job) => ({ ...job })),
    advanceBellJob: ({ job, notifications, next }) =>
      commits.write(() => {
        const at = generationAt(data, job);
        const found = at.jobs.find(({ tweetId, after }) => tweetId === job.tweetId && after === job.after);
        if (found === undefined) return false;
        if (next === null) at.jobs.splice(at.jobs.indexOf(found), 1);
        else found.after = next;
        const changes = notifications.map(
          (notification): NotificationChange => ({ change: 'add', notification }),
        );
        apply(data, { changes, bellJobs: [], scanned: false }, job);
        return true;
      }),
  };
}

function isAt({ partition, generation }: GenerationKey, one: GenerationKey): boolean {
  return one.partition === partition && one.generation === generation;
}

function isLive({ states }: RecordsData, { partition, generation }: GenerationKey): boolean {
  return states.get(partition)?.live.generation === generation;
}

function isBuilding({ states }: RecordsData, { partition, generation }: GenerationKey): boolean {
  return states.get(partition)?.building?.generation === generation;
}

function generationAt({ generations }: RecordsData, { partition, generation }: GenerationKey): Generation {
  let found = generations.find((one) => isAt({ partition, generation }, one));
  if (found === undefined) {
    found = { partition, generation, told: [], jobs: [] };
    generations.push(found);
  }
  return found;
}

function apply(
  data: RecordsData,
  { changes, bellJobs, scanned }: NotificationsPatch,
  key: GenerationKey,
): void {
  const at = generationAt(data, key);
  const provenance = scanned
    ? provenanceOfScan(isLiveAhead(data, key.partition))
    : provenanceOfCommit([...new Set(recipientsOf(changes))].map((recipient) => raise(data, recipient)));
  for (const change of changes) applyChange(data, at, change, provenance);
  at.told = newestOfEach(at.told);
  for (const { author, tweetId, after } of bellJobs) {
    const isThere = at.jobs.some((job) => job.tweetId === tweetId);
    if (!isThere)
      at.jobs.push({ partition: at.partition, generation: at.generation, author, tweetId, after });
  }
}

function raise({ arrivals }: RecordsData, recipient: UserId): Arrival {
  const newest = (arrivals.get(recipient) ?? 0) + 1;
  arrivals.set(recipient, newest);
  return { recipient, newest };
}

/**
 * The live generation has folded everything that was in the log when the rebuild began. So a notification that a scan
 * finds and the live generation lacks was not wanted: it is neither lost nor still to come.
 */
function isLiveAhead({ states }: RecordsData, partition: number): boolean {
  const { live, building } = states.get(partition)!;
  if (building === null) return false;
  const began = Object.entries(building.positions) as [Topic, number][];
  return began.every(([topic, position]) => (live.positions[topic] ?? 0) >= position);
}

function applyChange(
  data: RecordsData,
  at: Generation,
  change: NotificationChange,
  provenance: ProvenanceOf,
): void {
  const remove = (isGone: (one: StoredNotification) => boolean) => {
    at.told = at.told.filter((one) => !isGone(one));
  };
  switch (change.change) {
    case 'add':
      add(data, at, change.notification, provenance);
      break;
    case 'remove':
      remove(({ recipient, id }) => recipient === change.recipient && id === change.id);
      break;
    case 'removeTweet':
      remove(({ recipient, tweetId }) => recipient === change.recipient && tweetId === change.tweetId);
      break;
    case 'replaceFollow': {
      const { recipient, actor, notification } = change;
      remove(
        (one) =>
          one.recipient === recipient &&
          one.actor === actor &&
          (one.type === 'follow' || one.type === 'followRequest') &&
          one.id !== notification?.id,
      );
      if (notification !== null) add(data, at, notification, provenance);
    }
  }
}

/** A generation under construction takes over from the live one how a notification arrived, whichever has it first. */
function add(data: RecordsData, at: Generation, notification: Notification, provenance: ProvenanceOf): void {
  const { recipient, id } = notification;
  if (find(at, recipient, id) !== undefined) return;
  const siblings = data.generations.filter((one) => one !== at && one.partition === at.partition);
  const live = siblings.find((one) => isLive(data, one));
  const { arrival, suppressed } = (live && find(live, recipient, id)) ?? provenance(recipient);
  at.told.push({ ...notification, arrival, suppressed });
  for (const later of siblings.filter(({ generation }) => generation > at.generation)) {
    Object.assign(find(later, recipient, id) ?? {}, { arrival, suppressed });
  }
}

function find({ told }: Generation, recipient: UserId, id: Snowflake): StoredNotification | undefined {
  return told.find((one) => one.recipient === recipient && one.id === id);
}

/** Without the notifications beyond the bound of their recipient. */
function newestOfEach(told: StoredNotification[]): StoredNotification[] {
  const counts = new Map<UserId, number>();
  return told
    .sort((a, b) => b.id - a.id)
    .filter(({ recipient }) => {
      const count = (counts.get(recipient) ?? 0) + 1;
      counts.set(recipient, count);
      return count <= STORE_LIMITS.notifications;
    });
}

/** Deletes at most `limit` notifications that a user got or caused. Only inside a write. Returns how many. */
export function eraseNotifications(data: RecordsData, userId: UserId, limit: number): number {
  data.arrivals.delete(userId);
  let gone = 0;
  for (const one of data.generations) {
    one.told = one.told.filter(({ recipient, actor }) => {
      const goes = (recipient === userId || actor === userId) && gone < limit;
      if (goes) gone++;
      return !goes;
    });
  }
  return gone;
}
