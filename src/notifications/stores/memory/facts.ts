import type { TweetId, UserId } from '#domain/ids.ts';
import type { BellLevel, NotificationType } from '#domain/names.ts';
import type { MemoryCommits } from '#platform/memory-commits.ts';
import type { SettingsChanges } from '../../notifications.ts';
import {
  NO_READ_MARKER,
  type NotificationFacts,
  type ReadMarker,
  STORE_LIMITS,
} from '../../notifications-store.ts';

/** What users decided, by user. */
export interface FactsData {
  settings: Map<UserId, SettingsChanges>;
  /** By the user on whom they are set. */
  bells: Map<UserId, Map<UserId, { level: BellLevel; since: number }>>;
  mutedThreads: Map<UserId, Set<TweetId>>;
  /** In the order in which they were set. */
  readMarkers: Map<UserId, ReadMarker[]>;
}

export function createFactsData(): FactsData {
  return { settings: new Map(), bells: new Map(), mutedThreads: new Map(), readMarkers: new Map() };
}

/** {@link NotificationFacts} in memory. */
export function createMemoryFacts(data: FactsData, commits: MemoryCommits): NotificationFacts {
  return {
    ...settingsOf(data, commits),
    ...bellsOf(data, commits),
    ...threadsOf(data, commits),
    ...readMarkersOf(data, commits),
  };
}

function settingsOf(
  { settings }: FactsData,
  commits: MemoryCommits,
): Pick<NotificationFacts, 'settings' | 'mergeSettings'> {
  return {
    settings: async ({ userIds }) =>
      userIds.flatMap((userId) => {
        const changes = structuredClone(settings.get(userId) ?? {});
        return Object.keys(changes).length === 0 ? [] : [{ userId, changes }];
      }),
    mergeSettings: ({ userId, changes }) =>
      commits.write(() => {
        const merged = structuredClone(settings.get(userId) ?? {});
        for (const [type, { audience, channels }] of Object.entries(changes)) {
          const change = {
            ...merged[type as NotificationType],
            ...(audience !== undefined && { audience }),
            ...(channels?.inApp !== undefined && { channels: { inApp: channels.inApp } }),
          };
          if (Object.keys(change).length > 0) merged[type as NotificationType] = change;
        }
        settings.set(userId, merged);
        return structuredClone(merged);
      }),
  };
}

function bellsOf(
  { bells }: FactsData,
  commits: MemoryCommits,
): Pick<NotificationFacts, 'setBell' | 'bells' | 'bellSubscribers'> {
  return {
    setBell: ({ userId, other, level, since }) =>
      commits.write(() => {
        const own = listOf(bells, userId, () => new Map<UserId, { level: BellLevel; since: number }>());
        const current = own.get(other)?.level ?? 'default';
        if (current === level) return true;
        if (level === 'default') {
          own.delete(other);
          return true;
        }
        if (current === 'default' && own.size >= STORE_LIMITS.bells) return false;
        own.set(other, { level, since });
        return true;
      }),
    bells: async ({ userId, others }) =>
      others.flatMap((other) => {
        const bell = bells.get(userId)?.get(other);
        return bell === undefined ? [] : [{ userId: other, level: bell.level }];
      }),
    async bellSubscribers({ author, after, limit }) {
      const all = [...bells].flatMap(([userId, own]) => {
        const bell = own.get(author);
        return bell?.level === 'all' && userId > after ? [{ userId, since: bell.since }] : [];
      });
      const subscribers = all.sort((a, b) => a.userId - b.userId).slice(0, limit);
      return { subscribers, next: all.length > limit ? subscribers.at(-1)!.userId : null };
    },
  };
}

function threadsOf(
  { mutedThreads }: FactsData,
  commits: MemoryCommits,
): Pick<NotificationFacts, 'muteThread' | 'unmuteThread' | 'mutedThreads'> {
  return {
    muteThread: ({ userId, tweetId }) =>
      commits.write(() => {
        const own = listOf(mutedThreads, userId, () => new Set<TweetId>());
        own.add(tweetId);
        if (own.size > STORE_LIMITS.mutedThreads) own.delete(Math.min(...own));
      }),
    unmuteThread: ({ userId, tweetId }) =>
      commits.write(() => void mutedThreads.get(userId)?.delete(tweetId)),
    mutedThreads: async ({ pairs }) =>
      pairs.filter(({ userId, tweetId }) => mutedThreads.get(userId)?.has(tweetId)),
  };
}

function readMarkersOf(
  { readMarkers }: FactsData,
  commits: MemoryCommits,
): Pick<NotificationFacts, 'addReadMarker' | 'readMarker' | 'readMarkers'> {
  const latest = (userId: UserId) => readMarkers.get(userId)?.at(-1) ?? NO_READ_MARKER;
  return {
    addReadMarker: ({ userId, upTo, arrival }) =>
      commits.write(() => {
        const last = latest(userId);
        const highest = Math.max(last.highest, upTo);
        const own = listOf(readMarkers, userId, (): ReadMarker[] => []);
        own.push({ number: last.number + 1, upTo, arrival, highest });
        if (own.length <= STORE_LIMITS.readMarkers) return;
        // What either of the two oldest covered remains read.
        const oldest = own.shift()!;
        const next = own[0]!;
        next.upTo = Math.max(oldest.upTo, next.upTo);
        next.arrival = Math.max(oldest.arrival, next.arrival);
      }),
    readMarker: async ({ userId }) => ({ ...latest(userId) }),
    readMarkers: async ({ userId, atLeast }) =>
      (readMarkers.get(userId) ?? []).filter(({ upTo }) => upTo >= atLeast).map((marker) => ({ ...marker })),
  };
}

/** Deletes at most `limit` of a user's facts and of others' bells on the user. Only inside a write. Returns how many. */
export function eraseFacts(data: FactsData, userId: UserId, limit: number): number {
  const { settings, bells, mutedThreads, readMarkers } = data;
  const deletions: (() => void)[] = [
    ...keysOf(settings.get(userId)).map((type) => () => void delete settings.get(userId)![type]),
    ...[...(bells.get(userId)?.keys() ?? [])].map((other) => () => void bells.get(userId)!.delete(other)),
    ...[...bells.values()].filter((own) => own.has(userId)).map((own) => () => void own.delete(userId)),
    ...[...(mutedThreads.get(userId) ?? [])].map((id) => () => void mutedThreads.get(userId)!.delete(id)),
    ...(readMarkers.get(userId) ?? []).map(() => () => void readMarkers.get(userId)!.shift()),
  ];
  for (const deletion of deletions.slice(0, limit)) deletion();
  return Math.min(limit, deletions.length);
}

function keysOf(changes: SettingsChanges = {}): NotificationType[] {
  return Object.keys(changes) as NotificationType[];
}

function listOf<T>(all: Map<UserId, T>, userId: UserId, create: () => T): T {
  const found = all.get(userId) ?? create();
  all.set(userId, found);
  return found;
}
