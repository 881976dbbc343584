import { PARTITIONS, partitionOf } from '#domain/events.ts';
import type { TweetId, UserId } from '#domain/ids.ts';
import { createCommitChanges } from '#platform/commit-changes.ts';
import { createMemoryCommits, withCommitFaults } from '#platform/memory-commits.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { createMemoryViewStore, type MemoryViewStates } from '#queue/stores/memory/view-store.ts';
import {
  type AuthorFacts,
  type AuthorTop,
  type AuthorTopPosition,
  authorsIn,
  type KeptTop,
  type OpenedTopListsStore,
  type RankRow,
  type TopListsStore,
  type TopPatch,
} from '../../top/top-lists-store.ts';

/** The rows of one generation of one partition. */
interface Slot {
  ranks: Map<TweetId, RankRow>;
  authors: Map<UserId, AuthorFacts>;
}

interface Data {
  states: MemoryViewStates;
  /** By partition and generation. */
  slots: Map<string, Slot>;
  /** What was kept last, with the state of the view then; null: it is not current. */
  kept: { top: KeptTop; state: string | null }[];
}

/** {@link TopListsStore} in this process's memory. Handles that are open at the same time share everything. */
export function createMemoryTopListsBackend(): { open(faults?: CommitFaults): OpenedTopListsStore } {
  const all = createMemoryCommits();
  const { source, changed, everythingChanged } = createCommitChanges(all);
  const data: Data = { states: new Map(), slots: new Map(), kept: [] };
  return {
    open(faults) {
      const commits = withCommitFaults(all, faults);
      return {
        changes: source,
        view: createMemoryViewStore<TopPatch>({
          commits,
          states: data.states,
          apply(patch, at) {
            apply(data, patch, at);
            for (const author of authorsIn(patch)) changed(author);
          },
          // A generation is one entry, which is deleted as a whole.
          drop: (at) => (data.slots.delete(nameOf(at)) ? 1 : 0),
          swapped: everythingChanged,
        }),
        ...reads(data),
        keepTops: ({ tops }) =>
          commits.write(() => {
            const state = stateOf(data);
            data.kept = tops.map((top) => ({
              top: structuredClone(top),
              state: top.isCurrent ? state : null,
            }));
          }),
        keptTops: async () =>
          data.kept.map(({ top, state }) => ({
            ...structuredClone(top),
            isCurrent: state === stateOf(data),
          })),
        close: async () => {},
      };
    },
  };
}

interface GenerationKey {
  partition: number;
  generation: number;
}

function nameOf({ partition, generation }: GenerationKey): string {
  return `${partition}/${generation}`;
}

/** The state of the view, which changes with every commit to the live generation. */
function stateOf({ states }: Data): string {
  const lives = Array.from({ length: PARTITIONS }, (_, partition) => states.get(partition)?.live);
  return JSON.stringify(lives.map((live) => live ?? { generation: 0, positions: {} }));
}

function apply({ slots }: Data, { ranks, gone, authors }: TopPatch, at: GenerationKey): void {
  const slot = slots.get(nameOf(at)) ?? emptySlot();
  slots.set(nameOf(at), slot);
  for (const { tweetId, author, likes } of ranks) slot.ranks.set(tweetId, { tweetId, author, likes });
  for (const { tweetId } of gone) slot.ranks.delete(tweetId);
  for (const facts of authors) slot.authors.set(facts.author, { ...facts });
}

function emptySlot(): Slot {
  return { ranks: new Map(), authors: new Map() };
}

type Reads = Pick<TopListsStore, 'byLikes' | 'byTime' | 'rows' | 'facts' | 'authorTops'>;

function reads({ states, slots }: Data): Reads {
  /** The live one. */
  function slotOf(partition: number): Slot {
    const generation = states.get(partition)?.live.generation ?? 0;
    return slots.get(nameOf({ partition, generation })) ?? emptySlot();
  }
  const rowsOf = (partition: number) => [...slotOf(partition).ranks.values()];
  const copyOf = (row: RankRow): RankRow => ({ ...row });

  return {
    byLikes: async ({ partition, below, limit }) =>
      rowsOf(partition)
        .filter((row) => isBelow(row, below))
        .sort(bestFirst)
        .slice(0, limit)
        .map(copyOf),
    byTime: async ({ partition, from, limit }) =>
      rowsOf(partition)
        .filter(({ tweetId }) => tweetId >= from)
        .sort((a, b) => a.tweetId - b.tweetId)
        .slice(0, limit)
        .map(copyOf),
    rows: async ({ tweets }) =>
      tweets.flatMap(({ author, tweetId }) => {
        const row = slotOf(partitionOf(author)).ranks.get(tweetId);
        return row?.author === author ? [copyOf(row)] : [];
      }),
    facts: async ({ authors }) =>
      authors.flatMap((author) => {
        const facts = slotOf(partitionOf(author)).authors.get(author);
        return facts === undefined ? [] : [{ ...facts }];
      }),
    authorTops: async ({ authors, atLeast, atLeastLikes, limit }) =>
      authors.map(({ author, below }): AuthorTop => {
        const best = rowsOf(partitionOf(author))
          .filter((row) => row.author === author && row.tweetId >= atLeast && row.likes >= atLeastLikes)
          .filter((row) => isBelow(row, below))
          .sort(bestFirst)
          .slice(0, limit);
        return {
          author,
          followers: slotOf(partitionOf(author)).authors.get(author)?.followers ?? 0,
          tweetIds: best.map(({ tweetId }) => tweetId),
          likes: best.map(({ likes }) => likes),
          truncated: best.length === limit,
        };
      }),
  };
}

function bestFirst(a: AuthorTopPosition, b: AuthorTopPosition): number {
  return b.likes - a.likes || b.tweetId - a.tweetId;
}

function isBelow(row: AuthorTopPosition, position: AuthorTopPosition | null): boolean {
  return position === null || bestFirst(position, row) < 0;
}
