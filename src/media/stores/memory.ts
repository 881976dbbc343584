import { Readable } from 'node:stream';
import { createMemoryCommits, type MemoryCommits } from '#platform/memory-commits.ts';
import type { MediaUse } from '../media.ts';
import type { MediaIndex, MediaRow } from '../media-index.ts';
import { extensionOf, type MediaStore } from '../media-store.ts';

/** A picture; they stand in the order of their uploads. */
interface Stored extends MediaRow {
  checkAt: number;
  used: boolean;
  lastUse: MediaUse | '' | null;
}

interface IndexData {
  commits: MemoryCommits;
  media: Map<string, Stored>;
  /** By hold: until when, and what it holds. */
  holds: Map<string, Map<string, { until: number }>>;
}

/**
 * The index of media in this process's memory, on commits that may be shared with other stores. Handles that are open at
 * once share everything.
 */
export function createMemoryMediaIndexBackend(commits = createMemoryCommits()): { open(): MediaIndex } {
  const data: IndexData = { commits, media: new Map(), holds: new Map() };
  return { open: () => ({ ...uploading(data), ...holding(data), ...sweeping(data), ...looking(data) }) };
}

function uploading({ commits, media }: IndexData): Pick<MediaIndex, 'begin' | 'keep'> {
  return {
    begin: ({ media: picture, checkAt, maxUnused }) =>
      commits.write(() => {
        const { name, owner } = picture;
        const unused = [...media.values()].filter((each) => each.owner === owner && each.lastUse === null);
        if (unused.length >= maxUnused) return false;
        media.set(name, { ...picture, state: 'storing', holds: 0, checkAt, used: false, lastUse: null });
        return true;
      }),
    keep: ({ name }) =>
      commits.write(() => {
        const picture = media.get(name);
        if (picture?.state !== 'storing') return false;
        picture.state = 'kept';
        return true;
      }),
  };
}

function holding({ commits, media, holds }: IndexData): Pick<MediaIndex, 'hold' | 'release'> {
  return {
    hold: ({ owner, names, holdId, until }) =>
      commits.write(() => {
        const kept = [...media.values()].filter((each) => each.owner === owner && each.state === 'kept');
        const found = new Set<Stored>();
        const held: MediaRow[] = [];
        for (const name of names) {
          const picture =
            kept.find((each) => each.name === name) ?? kept.findLast((each) => each.fileName === name);
          if (picture === undefined) return { unknown: name };
          held.push(rowOf(picture));
          found.add(picture);
        }
        const its = holds.get(holdId) ?? new Map<string, { until: number }>();
        holds.set(holdId, its);
        for (const { name } of held) media.get(name)!.holds++;
        for (const { name } of found) if (!its.has(name)) its.set(name, { until });
        return { held };
      }),
    release: ({ holdId, usedBy }) =>
      commits.write(() => {
        for (const name of holds.get(holdId)?.keys() ?? []) {
          const picture = media.get(name);
          if (usedBy !== null && picture !== undefined)
            Object.assign(picture, { lastUse: usedBy, used: true });
        }
        holds.delete(holdId);
      }),
  };
}

type SweepingSteps = Pick<MediaIndex, 'claim' | 'claimNamed' | 'claimOwner' | 'postpone' | 'forget'>;

function sweeping({ commits, media, holds }: IndexData): SweepingSteps {
  return {
    claim: ({ media: seen }) =>
      commits.write(() => {
        const claimed = seen.filter(({ name, holds: times }) => {
          const picture = media.get(name);
          if (picture === undefined || picture.state === 'deleting' || picture.holds !== times) return false;
          picture.state = 'deleting';
          return true;
        });
        return claimed.map(({ name }) => name);
      }),
    claimNamed: ({ name }) =>
      commits.write(() => {
        const picture = media.get(name);
        if (picture !== undefined) picture.state = 'deleting';
        return picture !== undefined;
      }),
    claimOwner: ({ owner, limit }) =>
      commits.write(() => {
        const claimed = [...media.values()].filter((each) => each.owner === owner).slice(0, limit);
        for (const picture of claimed) picture.state = 'deleting';
        return claimed.map(({ name }) => name);
      }),
    postpone: ({ names, checkAt, used }) =>
      commits.write(() => {
        for (const name of names) {
          const picture = media.get(name);
          if (picture === undefined) continue;
          picture.checkAt = checkAt;
          if (used !== undefined) Object.assign(picture, { used, lastUse: picture.lastUse ?? '' });
        }
      }),
    forget: ({ names }) =>
      commits.write(() => {
        for (const name of names) {
          if (media.get(name)?.state !== 'deleting') continue;
          media.delete(name);
          for (const held of holds.values()) held.delete(name);
        }
      }),
  };
}

function looking({
  media,
  holds,
}: IndexData): Pick<MediaIndex, 'find' | 'due' | 'statuses' | 'scan' | 'ownerOf'> {
  function heldUntil(name: string, now: number): number | null {
    const untils = [...holds.values()].map((held) => held.get(name)?.until ?? 0);
    const last = Math.max(0, ...untils);
    return last > now ? last : null;
  }
  return {
    async find({ name }) {
      const picture = media.get(name);
      return picture?.state === 'kept' ? { owner: picture.owner, lastUse: picture.lastUse } : undefined;
    },
    async due({ now, storingBefore, limit }) {
      const isDue = ({ state, created, checkAt }: Stored) =>
        state === 'deleting' || (state === 'storing' ? created < storingBefore : checkAt <= now);
      const rank = ({ state, checkAt }: Stored) => (state === 'kept' ? checkAt : 0);
      const found = [...media.values()].filter(isDue).sort((a, b) => rank(a) - rank(b));
      return found.slice(0, limit).map(({ name }) => name);
    },
    async statuses({ names, now }) {
      const found = [...new Set(names)].flatMap((name) => media.get(name) ?? []);
      return found.map(({ name, state, holds: times, used }) => ({
        name,
        state,
        holds: times,
        heldUntil: heldUntil(name, now),
        used,
      }));
    },
    scan: async ({ after, limit }) =>
      [...media.values()]
        .filter(({ name }) => name > after)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .slice(0, limit)
        .map(({ name, owner }) => ({ name, owner })),
    ownerOf: async ({ name }) => media.get(name)?.owner,
  };
}

function rowOf({ checkAt: _, used: __, lastUse: ___, ...row }: Stored): MediaRow {
  return row;
}

/** The bytes of pictures in this process's memory. Handles that are open at once share everything. */
export function createMemoryMediaBackend(): { open(): MediaStore } {
  const pictures = new Map<string, Buffer>();
  return { open: () => createStore(pictures) };
}

function createStore(pictures: Map<string, Buffer>): MediaStore {
  return {
    async put(name, bytes) {
      if (extensionOf(name) === undefined) throw new Error('Not the name of a medium.');
      pictures.set(name, Buffer.from(bytes));
    },
    async get(name) {
      const bytes = pictures.get(name);
      return bytes && { size_bytes: bytes.length, body: Readable.from([bytes]) };
    },
    size: async (name) => pictures.get(name)?.length,
    async delete(name) {
      pictures.delete(name);
    },
  };
}
