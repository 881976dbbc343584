/** A disk runs full under a server that goes on serving, and has room again. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { type ApiResponse, connect, eventually, signUp, type User } from '../support/client.ts';
import { MAIN, READY, run, type Server, startServer } from '../support/server.ts';
import { openSmallDisk } from './small-disk.ts';

const disk = openSmallDisk();
const started: Server[] = [];
after(async () => {
  await Promise.all(started.map((server) => server.kill()));
  disk.remove();
});

async function start(): Promise<Server> {
  const server = await startServer({ data: disk.data, env: { ...disk.env, WARBLE_LOG_LEVEL: 'fatal' } });
  started.push(server);
  return server;
}

function assertFull({ status, headers, body }: ApiResponse): void {
  assert.equal(status, 503, JSON.stringify(body));
  assert.equal(body.code, 'storage_full');
  assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/);
}

test(`on a full disk (a limited ${disk.kind}) nothing is acknowledged that is not kept, and all goes on when there is room`, async () => {
  let server = await start();
  const url = () => server.url;
  const ada = await signUp(url, 'ada');
  const bob = await signUp(url, 'bob');
  await bob.post('/follow', { userId: ada.id });
  const kept = new Set<string>();
  const before = await post(ada, 'before');
  kept.add(before.body.tweetId);

  disk.fill(server);
  const refused = await postUntilFull(ada, kept);
  assertFull(refused);
  // Whoever asks all the same meets the same answer, and whoever reads is served.
  const burst = await Promise.all(Array.from({ length: 20 }, (_, i) => post(ada, `in a burst ${i}`)));
  for (const answer of burst) {
    if (answer.status === 200) kept.add(answer.body.tweetId);
    else assertFull(answer);
  }
  assert.ok(burst.some(({ status }) => status === 503));
  assert.equal((await fetch(`${server.url}/health/live`)).status, 200);
  await assertHolds(ada, kept);
  const cat = { handle: 'cat', password: 'cat likes long passwords', name: 'cat' };
  const early = await connect(url).send('POST', '/signup', cat);
  if (early.status !== 200) assertFull(early);
  if (disk.kind === 'file system') assertFull(await upload(ada));

  disk.free(server);
  await eventually(async () => {
    const answer = await post(ada, 'after');
    if (answer.status === 200) kept.add(answer.body.tweetId);
    assert.equal(answer.status, 200);
  });
  assert.equal((await upload(ada)).status, 200);
  if (early.status !== 200) await connect(url).post('/signup', cat);
  await assertHolds(ada, kept);

  await server.kill();
  server = await start();
  await assertHolds(connect(url, ada.token), kept);
  const homeIds = async () =>
    (await connect(url, bob.token).list('/me/tweets?followed=true', 'tweets')).map(({ tweetId }) => tweetId);
  await eventually(async () => assert.deepEqual((await homeIds()).sort(), [...kept].sort()));

  disk.fill(server);
  assert.equal((await server.stop()).code, 0, 'it stops well on a full disk, since nothing is lost');
  if (disk.kind === 'file system') {
    // By what the stop gave back there is room to start, to read, or there is none and the start says so.
    const early = run(process.execPath, [MAIN, 'serve', '--port', '0', '--data', disk.data]);
    const ready = await Promise.race([early.said(READY).catch(() => null), early.exited.then(() => null)]);
    if (ready === null) {
      assert.match(early.stderr(), /^warble: [^\n]*disk is full[^\n]*\n$/);
      assert.equal((await early.exited).code, 1);
    } else {
      await assertHolds(
        connect(() => ready[1]!, ada.token),
        kept,
      );
      early.child.kill('SIGTERM');
      assert.equal((await early.exited).code, 0);
    }
    disk.free(server);
  }
  server = await start();
  await assertHolds(connect(url, ada.token), kept);
});

function post(user: User, content: string): Promise<ApiResponse> {
  return user.send('POST', '/postTweet', { content });
}

/** A log that was emptied has room of its own, so the first posts may still be kept. */
async function postUntilFull(user: User, kept: Set<string>): Promise<ApiResponse> {
  for (let i = 0; i < 5_000; i++) {
    const content = `while full ${i}`;
    const answer = await post(user, content);
    if (answer.status !== 200) return answer;
    kept.add(answer.body.tweetId);
  }
  throw new Error('the disk never was full');
}

async function assertHolds(user: Pick<User, 'list'>, kept: Set<string>): Promise<void> {
  const own = await user.list('/me/tweets', 'tweets');
  assert.deepEqual(own.map(({ tweetId }) => tweetId).sort(), [...kept].sort());
}

async function upload(user: User): Promise<ApiResponse> {
  const noise = { create: { width: 256, height: 256, channels: 3, background: 'teal' } } as const;
  const form = new FormData();
  const bytes = await sharp(noise).png().toBuffer();
  form.set('file', new Blob([new Uint8Array(bytes)], { type: 'image/png' }), 'teal.png');
  return user.send('POST', '/media', form);
}

test('killed on a full disk, it starts again without any room, shows what was kept, and takes more when there is room', {
  skip: disk.kind !== 'file system' && 'no file system of its own can be mounted here',
}, async () => {
  await Promise.all(started.map((running) => running.kill()));
  let server = await start();
  const url = () => server.url;
  const eve = await signUp(url, 'eve');
  const kept = new Set<string>();
  kept.add((await post(eve, 'before')).body.tweetId);
  disk.fill(server);
  assertFull(await postUntilFull(eve, kept));
  await server.kill();

  server = await start();
  await assertHolds(eve, kept);
  for (const window of ['24h', 'all'])
    assert.equal((await eve.send('GET', `/tweets?window=${window}`)).status, 200);
  assertFull(await post(eve, 'there is no room'));

  disk.free(server);
  await eventually(async () => {
    const answer = await post(eve, 'there is room');
    assert.equal(answer.status, 200);
    kept.add(answer.body.tweetId);
  });
  await assertHolds(eve, kept);
});
