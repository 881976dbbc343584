import { partitionOf } from '#domain/events.ts';
import { createMemoryCommits, withCommitFaults } from '#platform/memory-commits.ts';
import { draftOf } from '../../log.conformance.ts';
import { describeView, type ViewHarness } from '../../view.conformance.ts';
import type { View } from '../../view.ts';
import { createMemoryOutbox } from './outbox.ts';
import { createMemoryViewStore, type MemoryViewStates } from './view-store.ts';

/** Each author's number of live tweets, read from the facts in every fold. */
type Counts = [author: number, count: number][];

const AUTHORS = 12;
const SCAN_PAGE = 3;

async function createHarness(): Promise<ViewHarness<Counts>> {
  const facts = createMemoryCommits();
  const { log, append } = createMemoryOutbox({ commits: facts, topics: ['tweets'] });
  const tweets: { id: number; author: number }[] = [];
  let nextId = 1;
  const countOf = (author: number) => tweets.filter((tweet) => tweet.author === author).length;

  const viewCommits = createMemoryCommits();
  const states: MemoryViewStates = new Map();
  /** By `partition/generation`. */
  const counts = new Map<string, Map<number, number>>();

  const view: View<Counts> = {
    name: 'tweet-counts',
    topics: ['tweets'],
    fold: async ({ events }) => [...new Set(events.map(({ key }) => key))].map((key) => [key, countOf(key)]),
    async scan({ partition, cursor }) {
      const authors = [...new Set(tweets.map(({ author }) => author))].filter(
        (each) => each > Number(cursor),
      );
      const page = authors.sort((a, b) => a - b).slice(0, SCAN_PAGE);
      const patch = page.filter((author) => partitionOf(author) === partition);
      return {
        patch: patch.map((author) => [author, countOf(author)]),
        next: page.length < SCAN_PAGE ? null : String(page.at(-1)),
      };
    },
  };

  return {
    log,
    act: (random) =>
      facts.write(() => {
        const author = 1 + random.integer(AUTHORS);
        if (random.integer(3) > 0) {
          append(draftOf(author, nextId));
          tweets.push({ id: nextId++, author });
          return;
        }
        const index = tweets.findIndex((tweet) => tweet.author === author);
        if (index === -1) return;
        append({ ...draftOf(author, tweets[index]!.id), type: 'tweet.deleted' });
        tweets.splice(index, 1);
      }),
    expected: async () =>
      Array.from({ length: AUTHORS }, (_, index) => [index + 1, countOf(index + 1)]).filter(
        ([, count]) => count! > 0,
      ),
    async open(faults) {
      const store = createMemoryViewStore<Counts>({
        commits: withCommitFaults(viewCommits, faults),
        states,
        apply(patch, { partition, generation }) {
          const name = `${partition}/${generation}`;
          counts.set(name, new Map([...(counts.get(name) ?? []), ...patch]));
        },
        drop: ({ partition, generation }) => (counts.delete(`${partition}/${generation}`) ? 1 : 0),
      });
      return {
        view,
        store,
        async actual() {
          const rows: Counts = [];
          for (let partition = 0; partition < 16; partition++) {
            const { generation } = (await store.load(partition)).live;
            rows.push(...(counts.get(`${partition}/${generation}`) ?? []));
          }
          return rows.filter(([, count]) => count > 0).sort(([a], [b]) => a - b);
        },
        close: async () => {},
      };
    },
    close: async () => {},
  };
}

describeView('in memory', createHarness);
