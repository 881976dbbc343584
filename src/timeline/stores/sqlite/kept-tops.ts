import type { Window } from '#domain/limits.ts';
import { isWhole } from '#platform/sqlite/damage.ts';
import type { DerivedDatabase } from '#platform/sqlite/derived-database.ts';
import type { TopKey } from '../../top/ranking.ts';
import type { KeptTop, TopListsStore } from '../../top/top-lists-store.ts';

interface Row {
  window: Window;
  state: string;
  floor: string;
  edge: number;
  tweets: Uint8Array;
}

/** Kept top-k indexes, in the file of the rows that they were made from, with the view's state at that time. */
export function createKeptTops(
  db: DerivedDatabase,
  view: string,
): Pick<TopListsStore, 'keepTops' | 'keptTops'> {
  const viewState = db.prepare(
    `SELECT group_concat(partition || ' ' || live_generation || ' ' || live_positions, ';') AS state
     FROM (SELECT * FROM view_state WHERE view = ? ORDER BY partition)`,
  );
  const clear = db.prepare('DELETE FROM kept_tops');
  const insert = db.prepare(
    'INSERT INTO kept_tops (window, state, floor, edge, tweets) VALUES (?, ?, ?, ?, ?)',
  );
  const select = db.prepare('SELECT * FROM kept_tops');
  const stateNow = () => (viewState.get(view)?.state as string | null) ?? '';

  return {
    keepTops: ({ tops }) =>
      db.write(() => {
        clear.run();
        const state = stateNow();
        for (const { window, tweets, floor, windowStart, isCurrent } of tops) {
          const pairs = Float64Array.from(tweets.flatMap(({ tweetId, author }) => [tweetId, author]));
          insert.run(
            window,
            isCurrent ? state : '',
            JSON.stringify(floor),
            windowStart,
            new Uint8Array(pairs.buffer),
          );
        }
      }),
    keptTops: async () =>
      db.read(() => {
        const state = stateNow();
        return (select.all() as unknown as Row[]).map((row) => keptOf(db, row, state));
      }),
  };
}

function keptOf(
  db: DerivedDatabase,
  { window, state, floor, edge: windowStart, tweets }: Row,
  stateNow: string,
): KeptTop {
  const pairs = tweets instanceof Uint8Array && tweets.length % 16 === 0 ? tweets.slice() : undefined;
  const numbers = pairs && new Float64Array(pairs.buffer);
  const key = floorOf(floor);
  if (
    numbers === undefined ||
    !numbers.every(isWhole) ||
    !Number.isSafeInteger(windowStart) ||
    key === undefined
  ) {
    throw db.damaged('the kept top lists cannot be read');
  }
  const kept: KeptTop['tweets'] = [];
  for (let at = 0; at < numbers.length; at += 2)
    kept.push({ tweetId: numbers[at]!, author: numbers[at + 1]! });
  return { window, tweets: kept, floor: key, windowStart, isCurrent: state !== '' && state === stateNow };
}

/** Undefined: the text cannot be read. */
function floorOf(text: string): TopKey | null | undefined {
  try {
    const key = JSON.parse(text) as TopKey | null;
    return key === null || [key.likes, key.followers, key.tweetId].every(isWhole) ? key : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
