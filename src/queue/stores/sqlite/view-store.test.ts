import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventDraft, partitionOf } from '#domain/events.ts';
import { openDerivedDatabase } from '#platform/sqlite/derived-database.ts';
import { openDatabase } from '#platform/sqlite/open-database.ts';
import { createOutbox, OUTBOX_SCHEMA } from '../../outbox.ts';
import { describeView, type ViewHarness } from '../../view.conformance.ts';
import type { View } from '../../view.ts';
import { createSqliteLog } from './log.ts';
import { createSqliteViewStore, VIEW_STATE_SCHEMA } from './view-store.ts';

/** The smallest possible view: each author's number of live tweets, read from the facts in every fold. */
type Counts = { author: number; count: number }[];

const FACTS = [`${OUTBOX_SCHEMA} CREATE TABLE tweets (id INTEGER PRIMARY KEY, author INTEGER NOT NULL);`];
const VIEWS = [
  `${VIEW_STATE_SCHEMA} CREATE TABLE counts (
     partition INTEGER, generation INTEGER, author INTEGER, count INTEGER,
     PRIMARY KEY (partition, generation, author)) WITHOUT ROWID;`,
];
const AUTHORS = 12;
const SCAN_PAGE = 3;

async function createHarness(): Promise<ViewHarness<Counts>> {
  const directory = mkdtempSync(join(tmpdir(), 'warble-view-'));
  const facts = openDatabase({ path: join(directory, 'facts.db'), migrations: FACTS, durability: 'full' });
  const outbox = createOutbox({ db: facts, topics: ['tweets'] });
  const log = createSqliteLog(outbox);
  const grouped =
    'SELECT author, count(*) AS count FROM tweets WHERE author > ? GROUP BY author ORDER BY author';
  const countOf = facts.prepare('SELECT count(*) AS count FROM tweets WHERE author = ?');
  let nextId = 1;

  const view: View<Counts> = {
    name: 'tweet-counts',
    topics: ['tweets'],
    async fold({ events }) {
      const authors = [...new Set(events.map((event) => event.key))];
      return authors.map((author) => ({ author, ...(countOf.get(author) as { count: number }) }));
    },
    async scan({ partition, cursor }) {
      const after = Number(cursor);
      const page = (facts.prepare(`${grouped} LIMIT ? + 0`).all(after, SCAN_PAGE) as Counts) ?? [];
      const patch = page.filter(({ author }) => partitionOf(author) === partition);
      return { patch, next: page.length < SCAN_PAGE ? null : String(page.at(-1)!.author) };
    },
  };

  return {
    log,
    async act(random) {
      const author = 1 + random.integer(AUTHORS);
      await facts.write(() => {
        const posting = random.integer(3) > 0;
        const row = facts.prepare('SELECT id FROM tweets WHERE author = ? LIMIT 1').get(author) as
          | { id: number }
          | undefined;
        if (!posting && row === undefined) return;
        const id = posting ? nextId++ : row!.id;
        if (posting) facts.prepare('INSERT INTO tweets VALUES (?, ?)').run(id, author);
        else facts.prepare('DELETE FROM tweets WHERE id = ?').run(id);
        const draft: EventDraft = {
          topic: 'tweets',
          type: posting ? 'tweet.posted' : 'tweet.deleted',
          key: author,
          entityId: id,
          entityVersion: 1,
          actorId: author,
          itemId: 0,
          time: 0,
          traceId: '',
        };
        outbox.append(draft);
      });
    },
    expected: async () =>
      (facts.prepare(grouped).all(0) as Counts).map(({ author, count }) => [author, count]),
    async open(faults) {
      const db = openDerivedDatabase({
        path: join(directory, 'views.db'),
        migrations: VIEWS,
        faults,
      });
      const put = db.prepare('INSERT OR REPLACE INTO counts VALUES (?, ?, ?, ?)');
      const store = createSqliteViewStore<Counts>({
        db,
        name: view.name,
        apply: (patch, { partition, generation }) => {
          for (const { author, count } of patch) put.run(partition, generation, author, count);
        },
        drop: ({ partition, generation, limit }) =>
          Number(
            db
              .prepare(
                `DELETE FROM counts WHERE (partition, generation, author) IN (SELECT partition, generation, author
                 FROM counts WHERE partition = ? AND generation = ? LIMIT ? + 0)`,
              )
              .run(partition, generation, limit).changes,
          ),
      });
      return {
        view,
        store,
        async actual() {
          const rows: number[][] = [];
          for (let partition = 0; partition < 16; partition++) {
            const { generation } = (await store.load(partition)).live;
            const found = db
              .prepare(
                'SELECT author, count FROM counts WHERE partition = ? AND generation = ? AND count > 0',
              )
              .all(partition, generation) as Counts;
            rows.push(...found.map(({ author, count }) => [author, count]));
          }
          return rows.sort((a, b) => a[0]! - b[0]!);
        },
        close: () => db.close(),
      };
    },
    async close() {
      await facts.close();
      rmSync(directory, { recursive: true });
    },
  };
}

describeView('on SQLite', createHarness);
