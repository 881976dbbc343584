/**
 * What `kill -9` cannot show: that the disk had each write before it was answered. Single requests, one after the
 * other, under a trace of system calls: the write of the request's marker to its file, that file's fsync, its
 * answer, in this order.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { connect, signUp, type User } from '../support/client.ts';
import { type Server, startServer, temporaryData } from '../support/server.ts';
import { type Call, isRename, isSync, isWrite, pathOf, readTrace, tracing } from './strace.ts';

const POSTS = 25;

/** Fails unless the marker reached the file, then the file the disk, then the answer the socket. */
function assertDurableBeforeAnswer(
  trace: readonly Call[],
  of: { file: string; marker: string; request: string },
) {
  const { file, marker, request } = of;
  const answer = answerTo(trace, request);
  const marked = trace.find(
    (call) => isWrite(call) && pathOf(call).endsWith(file) && call.args.includes(marker),
  );
  assert.ok(marked, `${request}: its marker was never written to ${file}`);
  assert.ok(marked.ended < answer.began, `${request}: answered before ${file} was written`);
  const path = pathOf(marked);
  const last = trace.findLast((call) => isWrite(call) && pathOf(call) === path && call.ended < answer.began)!;
  const synced = trace.find((call) => isSync(call) && pathOf(call) === path && call.began > last.ended);
  assert.ok(synced, `${request}: ${file} was never synced after the write`);
  assert.ok(synced.ended < answer.began, `${request}: answered before ${file} was synced`);
}

function answerTo(trace: readonly Call[], request: string): Call {
  const answers = trace.filter(
    (call) =>
      isWrite(call) &&
      pathOf(call).startsWith('socket:') &&
      call.args.includes(`x-request-id: ${request}\\r`),
  );
  assert.equal(answers.length, 1, `one answer to ${request}`);
  assert.match(answers[0]!.args, /"HTTP\/1\.1 200 /);
  return answers[0]!;
}

describe('the trace of a server that handles one request after the other', () => {
  const { data, remove } = temporaryData();
  const file = `${data}.trace`;
  let server: Server;
  let ada: User;
  let bob: User;
  let image: string;
  let trace: Call[];

  const requestOf = (user: User) => (name: string, method: string, path: string, body?: unknown) =>
    user.send(method, path, body, { 'x-request-id': `trace-${name}` });

  before(async () => {
    server = await startServer({ data, under: tracing(file) });
    ada = await signUp(() => server.url, 'ada');
    const signedUp = await connect(() => server.url).send(
      'POST',
      '/signup',
      { handle: 'bob_marker', password: 'bob likes long passwords', name: 'bob' },
      { 'x-request-id': 'trace-signup' },
    );
    bob = {
      ...connect(() => server.url, signedUp.body.token),
      handle: 'bob',
      id: signedUp.body.userId,
      token: '',
    };
    const [asAda, asBob] = [requestOf(ada), requestOf(bob)];
    await asBob('follow', 'POST', '/follow', { userId: ada.id });
    let tweetId = '';
    for (let i = 0; i < POSTS; i++) {
      const answer = await asAda(`post-${i}`, 'POST', '/postTweet', { content: `marker of post ${i} end` });
      tweetId = answer.body.tweetId;
    }
    await asBob('like-on', 'POST', '/like', { tweetId });
    await asBob('repost', 'POST', '/repost', { tweetId });
    await asBob('comment', 'POST', '/comment', { tweetId, content: 'marker of the comment' });
    await asBob('like-off', 'DELETE', `/like/${tweetId}`);
    await asAda('delete', 'DELETE', `/tweets/${tweetId}`);
    await asBob('unfollow', 'DELETE', `/follow/${ada.id}`);
    const png = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'teal' } })
      .png()
      .toBuffer();
    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(png)], { type: 'image/png' }), 'marker.png');
    image = (await asAda('upload', 'POST', '/media', form)).body.image;
    assert.equal((await server.stop()).code, 0);
    trace = readTrace(file);
  });
  after(async () => {
    await server.kill();
    rmSync(file, { force: true });
    remove();
  });

  test('posts: the marker is written, the file synced, then the answer sent, for each of them', () => {
    for (let i = 0; i < POSTS; i++) {
      const of = { file: '/tweets.db-wal', marker: `marker of post ${i} end`, request: `trace-post-${i}` };
      assertDurableBeforeAnswer(trace, of);
    }
  });

  test('a sign-up: with its account and its profile', () => {
    for (const name of ['/gateway.db-wal', '/social.db-wal']) {
      assertDurableBeforeAnswer(trace, { file: name, marker: 'bob_marker', request: 'trace-signup' });
    }
  });

  for (const [name, database] of [
    ['follow', 'social'],
    ['unfollow', 'social'],
    ['like-on', 'engagement'],
    ['like-off', 'engagement'],
    ['repost', 'engagement'],
    ['comment', 'engagement'],
    ['delete', 'tweets'],
  ] as const) {
    test(`${name}: its event, which names the request, is on disk before its answer`, () => {
      const request = `trace-${name}`;
      assertDurableBeforeAnswer(trace, { file: `/${database}.db-wal`, marker: request, request });
    });
  }

  test("a comment's text too", () => {
    const of = { file: '/tweets.db-wal', marker: 'marker of the comment', request: 'trace-comment' };
    assertDurableBeforeAnswer(trace, of);
  });

  test('an upload: the picture is written and synced, renamed, its folder synced, its name kept, then answered', () => {
    const answer = answerTo(trace, 'trace-upload');
    const draft = (call: Call) => pathOf(call).includes(`/media/tmp/${image}`);
    const folder = join('/media', image.slice(0, 2));
    const written = trace.findLast((call) => isWrite(call) && draft(call));
    assert.ok(written, 'the picture is written under a name of its own');
    const synced = trace.find((call) => isSync(call) && draft(call) && call.began > written.ended);
    assert.ok(synced, 'then synced');
    const renamed = trace.find((call) => isRename(call) && call.args.includes(`${folder}/${image}`));
    assert.ok(renamed && renamed.began > synced.ended, 'then renamed');
    const settled = trace.find(
      (call) => isSync(call) && pathOf(call).endsWith(folder) && call.began > renamed.ended,
    );
    assert.ok(settled, 'then its folder is synced');
    assert.ok(settled.ended < answer.began, 'then answered');
    assertDurableBeforeAnswer(trace, { file: '/gateway.db-wal', marker: image, request: 'trace-upload' });
  });
});
