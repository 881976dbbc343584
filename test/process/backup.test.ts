/**
 * A backup of a server under load, restored and served: it holds what was answered up to one moment, in every file,
 * and nothing that came after.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { connect, eventually, signUp, type User } from '../support/client.ts';
import { MAIN, run, type Server, startServer, temporaryData } from '../support/server.ts';
import { pictureForm } from '../support/system-http.ts';

const WRITERS = 4;
const { data, remove } = temporaryData();
const beside = (name: string) => join(data, '..', name);
const started: Server[] = [];
after(async () => {
  await Promise.all(started.map((server) => server.kill()));
  remove();
});

async function start(directory: string): Promise<Server> {
  const server = await startServer({ data: directory });
  started.push(server);
  return server;
}

async function admin(...args: string[]) {
  const running = run(process.execPath, [MAIN, 'admin', ...args]);
  const { code } = await running.exited;
  return { code, out: running.stdout(), err: running.stderr() };
}
async function done(...args: string[]): Promise<string> {
  const { code, out, err } = await admin(...args);
  assert.equal(code, 0, err);
  return out;
}

/** One round of a writer: every step needs the one before, and each is in another file. */
interface Round {
  tweetId: string;
  image: string;
  commentId?: string;
  /** How many of its steps were answered. */
  answered: number;
}
/** Post with a picture, like it, comment on it, repost it. */
const STEPS = 4;

interface Writer {
  user: User;
  rounds: Round[];
  stopped: Promise<void>;
}

async function startWriting(
  url: () => string,
  index: number,
  png: Uint8Array<ArrayBuffer>,
  goesOn: () => boolean,
) {
  const user = await signUp(url, `writer${index}`);
  const rounds: Round[] = [];
  async function write(): Promise<void> {
    while (goesOn()) {
      const { image } = await user.post('/media', pictureForm(png, 'dot.png'));
      const content = `round ${rounds.length}`;
      const { tweetId } = await user.post('/postTweet', { content, images: [image] });
      const round: Round = { tweetId, image, answered: 1 };
      rounds.push(round);
      await user.post('/like', { tweetId });
      round.answered = 2;
      round.commentId = (await user.post('/comment', { tweetId, content })).commentId;
      round.answered = 3;
      await user.post('/repost', { tweetId });
      round.answered = 4;
    }
  }
  return { user, rounds, stopped: write() } satisfies Writer;
}

const stepsOf = (rounds: Round[]) => rounds.reduce((sum, { answered }) => sum + answered, 0);

/** How many steps of a writer's are there, each whole; throws where one is there without those before it. */
async function stepsIn(server: Server, { user, rounds }: Writer): Promise<number> {
  const reader = connect(() => server.url, user.token);
  const tweets: Map<string, Record<string, never>> = new Map(
    (await reader.list('/me/tweets', 'tweets')).map((tweet) => [tweet.tweetId, tweet]),
  );
  assert.equal((await reader.get('/me/profile')).tweetCount, tweets.size, 'a count is the count of its rows');
  let steps = 0;
  for (const { tweetId, image } of rounds) {
    const tweet = tweets.get(tweetId) as
      | undefined
      | {
          likeCount: number;
          commentCount: number;
          repostCount: number;
          comments: object[];
          images: { url: string }[];
        };
    const counts = tweet === undefined ? [] : [1, tweet.likeCount, tweet.commentCount, tweet.repostCount];
    assert.ok(steps % STEPS === 0 || tweet === undefined, 'nothing follows a round that is cut off');
    if (tweet === undefined) continue;
    assert.deepEqual([...counts].sort().reverse(), counts, 'no step without the one before it');
    assert.equal(tweet.comments.length, tweet.commentCount, 'a comment has its text');
    assert.match(tweet.images[0]!.url, new RegExp(image));
    const picture = await fetch(server.url + tweet.images[0]!.url);
    assert.deepEqual([picture.status, (await picture.bytes()).length > 0], [200, true]);
    steps += counts.reduce((sum, count) => sum + count, 0);
  }
  return steps;
}

/** What users did with a tweet is in one file, the tweet in another, and its picture's row in a third. */
function assertNothingOrphaned(directory: string): void {
  const db = new DatabaseSync(join(directory, 'engagement.db'));
  try {
    for (const name of ['tweets', 'gateway']) db.exec(`ATTACH '${join(directory, name)}.db' AS ${name}`);
    for (const table of ['likes', 'comments', 'reposts']) {
      const count = `SELECT count(*) AS count FROM main.${table}`;
      const orphans = db.prepare(`${count} WHERE tweet_id NOT IN (SELECT id FROM tweets.tweets)`).get();
      assert.equal(orphans?.count, 0, `${table} without their tweet`);
      assert.ok(Number(db.prepare(count).get()?.count) > 0, table);
    }
    const listed = 'SELECT id FROM main.comments WHERE state = 1';
    const texts = db.prepare(`${listed} AND id NOT IN (SELECT id FROM tweets.tweets)`).all();
    assert.deepEqual(texts, [], 'comments without their text');
    const pictures = db
      .prepare(
        `SELECT json_extract(value, '$.image') AS name
         FROM tweets.tweets, json_each(CASE images WHEN '' THEN '[]' ELSE images END)
         WHERE name NOT IN (SELECT media.name FROM gateway.media)`,
      )
      .all();
    assert.deepEqual(pictures, [], 'tweets without their pictures');
  } finally {
    db.close();
  }
}

test('a backup under load is one moment of all files, and a server on it serves what was answered by then', async () => {
  const server = await start(data);
  let goesOn = true;
  const url = () => server.url;
  const square = { width: 2, height: 2, channels: 3, background: 'red' } as const;
  const png = new Uint8Array(await sharp({ create: square }).png().toBuffer());
  const writers = await Promise.all(
    Array.from({ length: WRITERS }, (_, index) => startWriting(url, index, png, () => goesOn)),
  );
  const fan = await signUp(url, 'fan');
  for (const { user } of writers) await fan.post('/follow', { userId: user.id });
  await eventually(async () => assert.ok(writers.every(({ rounds }) => rounds.length >= 3)));

  const before = writers.map(({ rounds }) => stepsOf(rounds));
  const target = beside('backup');
  mkdirSync(target);
  const said = await done('backup', target, '--data', data);
  // What was begun by now may have been under way at the barrier; what begins later was not.
  const begun = writers.map(({ rounds }) => stepsOf(rounds) + 1);
  assert.match(said, /holds everything as of \d{4}-/);
  await eventually(async () =>
    assert.ok(writers.every(({ rounds }, at) => stepsOf(rounds) > begun[at]! + STEPS)),
  );
  goesOn = false;
  await Promise.all(writers.map(({ stopped }) => stopped));
  assert.deepEqual(readdirSync(beside('.')).sort(), ['backup', 'data'], 'no draft is left');
  assert.equal(statSync(target).mode & 0o777, 0o700);
  assert.ok(!readdirSync(target).some((name) => /-wal|-shm|pid|lock|sock/.test(name)));

  const restored = beside('restored');
  assert.match(await done('restore', target, '--data', restored), /npm start/);
  assertNothingOrphaned(restored);
  const again = await start(restored);
  for (const [at, writer] of writers.entries()) {
    const steps = await stepsIn(again, writer);
    assert.ok(steps >= before[at]!, `of ${before[at]} steps that were answered before, ${steps} are there`);
    assert.ok(steps <= begun[at]!, `of ${begun[at]} steps that had begun, ${steps} are there`);
  }
  // Views come from the facts that are there: the fan's home, and what the writers did as the top lists have it.
  const reader = connect(() => again.url, fan.token);
  await eventually(async () => {
    const home = await reader.list('/me/tweets?followed=true', 'tweets');
    const top = await reader.list('/tweets', 'tweets');
    const all = await Promise.all(writers.map(({ user }) => reader.list(`/${user.id}/tweets`, 'tweets')));
    const ids = (tweets: { tweetId: string }[]) => tweets.map(({ tweetId }) => tweetId).sort();
    assert.deepEqual(ids(home), ids(all.flat()));
    assert.deepEqual(ids(top), ids(all.flat()));
  });
  await reader.post('/postTweet', { content: 'and it goes on' });
  assert.equal((await again.stop()).code, 0);
  assert.equal((await server.stop()).code, 0);
});

test('a backup is made of a stopped server too, and served as well', async () => {
  const target = beside('of-a-stopped-one');
  assert.match(await done('backup', target, '--data', data), /databases: .* pictures: \d+/);
  assert.match(await done('restore', target, '--data', beside('again')), /npm start/);
  const served = await start(beside('again'));
  const reader = connect(() => served.url);
  // Top lists are a view, and made again.
  await eventually(async () => assert.ok((await reader.list('/tweets', 'tweets')).length > WRITERS));
  assert.equal((await served.stop()).code, 0);
});

test('nothing is overwritten, and what is no whole backup is refused and leaves nothing', async () => {
  const target = beside('of-a-stopped-one');
  const used = beside('used');
  mkdirSync(used);
  writeFileSync(join(used, 'mine'), 'mine');
  const damaged = beside('damaged');
  await done('restore', target, '--data', damaged);
  const marked = JSON.parse(readFileSync(join(damaged, 'manifest.json'), 'utf8'));
  assert.match(marked.backup, /^\d{4}-/, 'a restored directory keeps the mark until a server starts on it');
  rmSync(join(damaged, 'social.db'));
  const torn = beside('torn');
  await done('restore', target, '--data', torn);
  const tweets = readFileSync(join(torn, 'tweets.db'));
  tweets.fill(0x5a, 5_000, 9_000);
  writeFileSync(join(torn, 'tweets.db'), tweets);
  const refused: [string[], RegExp][] = [
    [['backup', used, '--data', data], /used is there already/],
    [['backup', join(data, 'inside'), '--data', data], /lies in the data directory/],
    [['restore', target, '--data', data], /data is there already/],
    [['restore', data, '--data', beside('new1')], /was not made by `npm run admin/],
    [['restore', beside('nowhere'), '--data', beside('new2')], /There is no directory .*nowhere/],
    [['restore', damaged, '--data', beside('new3')], /social\.db/],
    [['restore', torn, '--data', beside('new4')], /not whole: tweets\.db/],
  ];
  for (const [args, reason] of refused) {
    const { code, err } = await admin(...args);
    assert.equal(code, 1);
    assert.match(err, reason);
    assert.match(err.trimEnd().split('\n').at(-1)!, /^warble: /);
  }
  assert.deepEqual(readdirSync(used), ['mine']);
  const left = readdirSync(beside('.')).filter((name) => /new\d|partial/.test(name));
  assert.deepEqual(left, []);
  assert.ok(!existsSync(join(data, 'inside')));
});
