/**
 * How long a start takes, from the command to the line that reports readiness, for several numbers of tweets: after a
 * shutdown and after a kill. `node bench/start.ts [tweets ...]`. Tweets, and their rows in the view of top lists, are
 * loaded in bulk, spread over 30 days; a third of them has likes.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { partitionOf } from '#domain/events.ts';
import { firstSnowflakeAt } from '#domain/ids.ts';

const SIZES = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [300_000, 3_000_000];
const AUTHORS = 200_000;
const DAYS = 30;
const ROUNDS = 3;
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** CPU time of a process so far (ms): what a start costs, however busy the machine is. Linux only. */
function cpuOf(pid: number): number {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ').slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}

/** Starts a server. Returns its process, how long it took to be ready (ms), and the CPU time until then (ms). */
async function start(data: string) {
  const began = performance.now();
  const child = spawn(process.execPath, [MAIN, 'serve', '--port', '0', '--data', data], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  for await (const chunk of child.stderr) {
    said += chunk;
    if (said.includes('is ready at')) break;
  }
  if (!said.includes('is ready at')) throw new Error(said);
  return { child, took_ms: Math.round(performance.now() - began), cpu_ms: cpuOf(child.pid!) };
}

async function end(child: ReturnType<typeof spawn>, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** Fills a table without its indexes and makes these afterwards: ten million rows in a minute or two. */
function fillTable(db: DatabaseSync, table: string, fill: string): void {
  const indexes = db.prepare(
    `SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql <> ''`,
  );
  const found = indexes.all(table) as { name: string; sql: string }[];
  db.exec('BEGIN');
  for (const { name } of found) db.exec(`DROP INDEX ${name}`);
  db.exec(fill);
  for (const { sql } of found) db.exec(sql);
  db.exec('COMMIT');
}

function load(data: string, tweets: number): void {
  const first = firstSnowflakeAt(Date.now() - DAYS * 86_400_000);
  const every = Math.floor((firstSnowflakeAt(Date.now()) - first) / tweets);
  const rows = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${tweets})
    SELECT ${first} + i * ${every} AS id, 1 + (i * 7919) % ${AUTHORS} AS author,
      CASE WHEN i % 3 = 0 THEN (i * 104729) % 1000 ELSE 0 END AS likes FROM n`;
  const open = (name: string) => {
    const db = new DatabaseSync(join(data, name));
    db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -262144');
    return db;
  };
  const tweetsDb = open('tweets.db');
  fillTable(
    tweetsDb,
    'tweets',
    `INSERT INTO tweets (id, author, kind, visibility, version, labels, content, entities, images, position)
     SELECT id, author, 'tweet', 'public', 1, '', 'A tweet of the bench.', '', '', NULL FROM (${rows})`,
  );
  tweetsDb.close();
  const topLists = open('top-lists.db');
  topLists.function('slot_of', (author) => partitionOf(Number(author)));
  topLists.exec(`WITH RECURSIVE n(author) AS (SELECT 1 UNION ALL SELECT author + 1 FROM n WHERE author < ${AUTHORS})
    INSERT INTO authors (slot, author, followers, listed) SELECT slot_of(author), author, author % 997, 1 FROM n`);
  topLists.exec('DELETE FROM kept_tops');
  fillTable(
    topLists,
    'ranks',
    `INSERT INTO ranks (slot, author, tweet, likes) SELECT slot_of(author), author, id, likes FROM (${rows}) ORDER BY 1, 2, 3`,
  );
  topLists.close();
}

async function printStarts(data: string, tweets: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const took: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { child, took_ms, cpu_ms } = await start(data);
    took.push(took_ms);
    cpu.push(cpu_ms);
    await end(child, signal);
  }
  console.log(`${tweets} tweets, ended by ${signal}: ${took.join(', ')} ms; CPU ${cpu.join(', ')} ms`);
}

const parent = mkdtempSync(join(tmpdir(), 'warble-bench-start-'));
try {
  for (const tweets of SIZES) {
    const data = join(parent, String(tweets));
    await end((await start(data)).child, 'SIGTERM');
    load(data, tweets);
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) await printStarts(data, tweets, signal);
    rmSync(data, { recursive: true });
  }
} finally {
  rmSync(parent, { recursive: true, force: true });
}
