/** {@link RELATIONSHIP_BIT} bits by viewer and other, bounded over all viewers; the viewers unused for longest go first. */
import type { UserId } from '#domain/ids.ts';

export interface RelationshipCache {
  /** What is known of one viewer's relationships; the viewer is now the one used last. Read only. */
  of(viewer: UserId): ReadonlyMap<UserId, number> | undefined;
  put(viewer: UserId, other: UserId, bits: number): void;
  /** Forgets how each of two stands to the other. */
  forgetPair(one: UserId, other: UserId): void;
  /** Forgets how everybody stands to one user: a walk over all viewers, for what happens seldom. */
  forgetTowards(other: UserId): void;
  readonly size: number;
}

export function createRelationshipCache({ most }: { most: number }): RelationshipCache {
  const viewers = new Map<UserId, Map<UserId, number>>();
  let size = 0;

  function forget(viewer: UserId, other: UserId): void {
    if (viewers.get(viewer)?.delete(other)) size--;
  }
  function evict(): void {
    for (const [viewer, known] of viewers) {
      if (size <= most) return;
      viewers.delete(viewer);
      size -= known.size;
    }
  }

  return {
    of(viewer) {
      const known = viewers.get(viewer);
      if (known === undefined) return undefined;
      viewers.delete(viewer);
      viewers.set(viewer, known);
      return known;
    },
    put(viewer, other, bits) {
      let known = viewers.get(viewer);
      if (known === undefined) {
        known = new Map();
        viewers.set(viewer, known);
      }
      if (!known.has(other)) size++;
      known.set(other, bits);
      if (size > most) evict();
    },
    forgetPair(one, other) {
      forget(one, other);
      forget(other, one);
    },
    forgetTowards(other) {
      for (const viewer of viewers.keys()) forget(viewer, other);
    },
    get size() {
      return size;
    },
  };
}
