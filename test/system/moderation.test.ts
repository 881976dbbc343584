/** Reports and moderation over HTTP: who may do what, who learns of it, and what the audit log records. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { eventually, type User } from '#test/support/client.ts';
import { openSystemHttp, pictureForm } from '#test/support/system-http.ts';

const site = await openSystemHttp();
after(() => site.close());
const ROOT = { by: 'root', from: 'a test', reason: 'trusted' };

async function moderator(handle: string): Promise<User> {
  const user = await site.user(handle);
  await site.api.administration.setModerator({ userId: Number(user.id), moderator: true, ...ROOT });
  return user;
}
const mod = await moderator('mod_one');

/** The open (or resolved) reports that concern a user, newest first. */
async function reportsAbout({ id }: User, state = 'open') {
  const reports = await mod.list(`/moderation/reports?state=${state}`, 'reports');
  return reports.filter(({ userId }) => userId === id);
}
const newestEntries = async (limit: number) =>
  (await site.api.administration.auditLog({ before: null, limit })).entries.map(
    ({ by, action, userId, subject, detail }) => [by, action, userId, subject, detail],
  );
const byMod = `@mod_one (id ${mod.id})`;

test('signed-in users report tweets, comments and users that they may see, with a reason', async () => {
  const [ann, bob] = await site.users('r_ann', 'r_bob');
  const { tweetId } = await ann.post('/postTweet', { content: 'Buy my things' });
  const { commentId } = await ann.post('/comment', { tweetId, content: 'Really, buy them' });
  const { reportId, time } = await bob.post('/report', { tweetId, reason: ' sells things ' });
  assert.match(time, /^\d{4}-/);
  await bob.post('/report', { commentId, reason: 'again' });
  await bob.post('/report', { userId: ann.id, reason: 'and again' });
  const again = await bob.post('/report', { tweetId, reason: 'I said so' });
  assert.equal(again.reportId, reportId, 'the same again is the same report');
  assert.deepEqual(
    (await reportsAbout(ann)).map((report) => [
      report.tweetId,
      report.commentId,
      report.reporterId,
      report.content,
      report.reason,
      report.resolution,
    ]),
    [
      [null, null, bob.id, null, 'and again', null],
      [null, commentId, bob.id, 'Really, buy them', 'again', null],
      [tweetId, null, bob.id, 'Buy my things', 'sells things', null],
    ],
  );
});

test('a report has one subject and a reason of at most 500 characters, and hidden subjects are not found', async () => {
  const [ann, bob, cat] = await site.users('s_ann', 's_bob', 's_cat');
  const { tweetId } = await ann.post('/postTweet', { content: 'for few' });
  const { commentId } = await ann.post('/comment', { tweetId, content: 'hm' });
  const codeOf = async (who: User, body: object) => (await who.send('POST', '/report', body)).body.code;
  const reason = 'x';
  assert.equal(await codeOf(bob, { reason }), 'invalid_request');
  assert.equal(await codeOf(bob, { tweetId, userId: ann.id, reason }), 'invalid_request');
  assert.equal(await codeOf(bob, { tweetId }), 'invalid_request');
  for (const bad of ['', ' ', 'a\u0000b', '👩‍👩‍👧‍👦'.repeat(501)]) {
    assert.equal(await codeOf(bob, { tweetId, reason: bad }), 'invalid_text');
  }
  assert.equal(await codeOf(bob, { tweetId, reason: '👩‍👩‍👧'.repeat(100) }), undefined);
  assert.equal(await codeOf(bob, { tweetId: commentId, reason }), 'not_found', 'a comment is no tweet');
  assert.equal(await codeOf(bob, { userId: '4000000000', reason }), 'not_found');
  await ann.post('/me/profile', { protected: true });
  assert.equal(await codeOf(bob, { tweetId, reason }), 'not_found');
  assert.equal(await codeOf(bob, { commentId, reason }), 'not_found');
  await ann.post('/block', { userId: cat.id });
  assert.equal(await codeOf(cat, { userId: ann.id, reason }), 'not_found');
  assert.equal((await site.nobody.send('POST', '/report', { tweetId, reason })).status, 401);
});

test('only moderators see and resolve reports, and only while they have the role', async () => {
  const [ann, bob] = await site.users('t_ann', 't_bob');
  const { tweetId } = await ann.post('/postTweet', { content: 'fine' });
  const { reportId } = await bob.post('/report', { tweetId, reason: 'x' });
  const resolution = { act: 'remove', reason: 'y' };
  const statusesOf = async (who: User) => [
    (await who.send('GET', '/moderation/reports')).status,
    (await who.send('POST', `/moderation/reports/${reportId}`, resolution)).status,
  ];
  assert.deepEqual(await statusesOf(bob), [403, 403]);
  assert.equal((await site.nobody.send('GET', '/moderation/reports')).status, 401);
  assert.deepEqual([(await bob.get('/me')).moderator, (await mod.get('/me')).moderator], [false, true]);
  const former = await moderator('t_former');
  await former.get('/moderation/reports');
  await site.api.administration.setModerator({ userId: Number(former.id), moderator: false, ...ROOT });
  assert.deepEqual(await statusesOf(former), [403, 403]);
  assert.equal((await ann.send('GET', `/tweets/${tweetId}`)).status, 200);
});

test('a moderator sees what was reported and who is named, whoever blocked whom', async () => {
  const [ann, bob] = await site.users('u_ann', 'u_bob');
  const { tweetId } = await ann.post('/postTweet', { content: 'behind a block' });
  await bob.post('/report', { tweetId, reason: 'x' });
  await ann.post('/block', { userId: mod.id });
  await ann.post('/me/profile', { protected: true });
  const page = await mod.get('/moderation/reports?limit=1');
  assert.equal(page.reports[0].content, 'behind a block');
  assert.equal(page.users[ann.id].handle, 'u_ann');
  assert.equal(page.users[bob.id].handle, 'u_bob');
  assert.ok(page.nextCursor !== null);
  const other = await mod.send('GET', `/moderation/reports?state=resolved&cursor=${page.nextCursor}`);
  assert.equal(other.body.code, 'invalid_cursor', 'a cursor belongs to one list');
});

test('a moderator sees the pictures of a reported tweet until the report is resolved', async () => {
  const [ann, bob] = await site.users('q_ann', 'q_bob');
  await ann.post('/me/profile', { protected: true });
  await bob.post('/follow', { userId: ann.id });
  await ann.post(`/me/follow-requests/${bob.id}`, { approve: true });
  const { image, url } = await upload(ann);
  const { tweetId } = await ann.post('/postTweet', { content: 'look', images: [image] });
  const seenBy = async ({ token }: User) => {
    const response = await fetch(site.url + url, { headers: { authorization: `Bearer ${token}` } });
    await response.arrayBuffer();
    return response.status;
  };
  assert.deepEqual([await seenBy(bob), await seenBy(mod)], [200, 404]);
  const { reportId } = await bob.post('/report', { tweetId, reason: 'x' });
  const [report] = await reportsAbout(ann);
  assert.deepEqual([report.images[0].url, await seenBy(mod)], [url, 200]);
  await mod.post(`/moderation/reports/${reportId}`, { act: 'dismiss', reason: 'x' });
  assert.deepEqual([await seenBy(bob), await seenBy(mod)], [200, 404]);
});

test('removing a tweet removes it everywhere, resolves all open reports about it, and records who did it', async () => {
  const [ann, bob, cat] = await site.users('v_ann', 'v_bob', 'v_cat');
  const { tweetId } = await ann.post('/postTweet', { content: 'bad' });
  const { reportId } = await bob.post('/report', { tweetId, reason: 'x' });
  await cat.post('/report', { tweetId, reason: 'y' });
  const resolve = (act: string) =>
    mod.send('POST', `/moderation/reports/${reportId}`, { act, reason: 'spam' });
  assert.equal((await resolve('remove')).status, 200);
  assert.equal((await ann.send('GET', `/tweets/${tweetId}`)).status, 404);
  assert.deepEqual(await reportsAbout(ann), []);
  const resolved = await reportsAbout(ann, 'resolved');
  assert.deepEqual(
    resolved.map(({ content, resolution: { act, by, reason } }) => [content, act, by, reason]),
    [
      [null, 'remove', mod.id, 'spam'],
      [null, 'remove', mod.id, 'spam'],
    ],
  );
  assert.deepEqual(await newestEntries(1), [
    [byMod, 'tweet.removed', Number(ann.id), `tweet ${tweetId}`, 'spam'],
  ]);
  const row = site.system.stores.tweets.db
    .prepare('SELECT deleted_by AS by, content FROM tweets WHERE id = ?')
    .get(Number(tweetId));
  assert.deepEqual({ ...row }, { by: 'moderator', content: '' });
  assert.equal((await resolve('remove')).status, 200, 'again is a success');
  assert.equal((await resolve('dismiss')).body.code, 'already_resolved');
  assert.equal((await ann.send('DELETE', `/tweets/${tweetId}`)).status, 200);
});

test('removing a comment lowers the count; the tweet stays', async () => {
  const [ann, bob] = await site.users('w_ann', 'w_bob');
  const { tweetId } = await ann.post('/postTweet', { content: 'good' });
  const { commentId } = await bob.post('/comment', { tweetId, content: 'bad' });
  const { reportId } = await ann.post('/report', { commentId, reason: 'x' });
  await mod.post(`/moderation/reports/${reportId}`, { act: 'remove', reason: 'rude' });
  assert.equal((await ann.get(`/tweets/${tweetId}`)).commentCount, 0);
  assert.deepEqual(await newestEntries(1), [
    [byMod, 'comment.removed', Number(bob.id), `comment ${commentId}`, 'rude'],
  ]);
  const row = site.system.stores.tweets.db
    .prepare('SELECT deleted_by AS by FROM tweets WHERE id = ?')
    .get(Number(commentId));
  assert.deepEqual({ ...row }, { by: 'moderator' });
});

test('suspending hides the author and signs them out; moderators cannot be suspended this way', async () => {
  const [ann, bob] = await site.users('x_ann', 'x_bob');
  const { tweetId } = await ann.post('/postTweet', { content: 'bad' });
  const first = await bob.post('/report', { tweetId, reason: 'x' });
  await bob.post('/report', { userId: ann.id, reason: 'all of it' });
  const other = await moderator('x_mod');
  const about = [await bob.post('/report', { userId: other.id, reason: 'x' })];
  about.push(await bob.post('/report', { userId: mod.id, reason: 'x' }));
  for (const { reportId } of about) {
    const refused = await mod.send('POST', `/moderation/reports/${reportId}`, {
      act: 'suspend',
      reason: 'y',
    });
    assert.equal(refused.body.code, 'forbidden');
    const removal = await mod.send('POST', `/moderation/reports/${reportId}`, { act: 'remove', reason: 'y' });
    assert.equal(removal.body.code, 'invalid_request', 'a user is not removed');
    await mod.post(`/moderation/reports/${reportId}`, { act: 'dismiss', reason: 'no' });
  }
  await mod.post(`/moderation/reports/${first.reportId}`, { act: 'suspend', reason: 'spam' });
  assert.equal((await ann.send('GET', '/me')).status, 401);
  assert.equal((await bob.send('GET', `/${ann.id}/profile`)).status, 404);
  assert.deepEqual(await newestEntries(1), [
    [byMod, 'account.suspended', Number(ann.id), `report ${first.reportId}`, 'spam'],
  ]);
  const [open] = await reportsAbout(ann);
  assert.deepEqual([open.reason, open.suspended], ['all of it', true], 'what else is open stays open');
});

test('two moderators at once: the report records what was done, and a late dismissal is refused', async () => {
  const [ann, bob] = await site.users('o_ann', 'o_bob');
  const other = await moderator('o_mod');
  for (let round = 0; round < 10; round++) {
    const { tweetId } = await ann.post('/postTweet', { content: `bad ${round}` });
    const { reportId } = await bob.post('/report', { tweetId, reason: 'x' });
    const path = `/moderation/reports/${reportId}`;
    const [dismissal, removal] = await Promise.all([
      mod.send('POST', path, { act: 'dismiss', reason: 'fine' }),
      other.send('POST', path, { act: 'remove', reason: 'spam' }),
    ]);
    const { status } = await bob.send('GET', `/tweets/${tweetId}`);
    const { act } = (await reportsAbout(ann, 'resolved'))[0].resolution;
    assert.deepEqual([removal.status, act], status === 404 ? [200, 'remove'] : [409, 'dismiss']);
    if (dismissal.status !== 200) assert.equal(dismissal.body.code, 'already_resolved');
  }
});

test('dismissing changes only the report, and is recorded; the subject may be reported again', async () => {
  const [ann, bob] = await site.users('y_ann', 'y_bob');
  const { tweetId } = await ann.post('/postTweet', { content: 'fine' });
  const { reportId } = await bob.post('/report', { tweetId, reason: 'x' });
  await mod.post(`/moderation/reports/${reportId}`, { act: 'dismiss', reason: 'is fine' });
  assert.equal((await bob.send('GET', `/tweets/${tweetId}`)).status, 200);
  assert.deepEqual(await newestEntries(1), [
    [byMod, 'report.dismissed', Number(ann.id), `report ${reportId}`, 'is fine'],
  ]);
  assert.notEqual((await bob.post('/report', { tweetId, reason: 'x' })).reportId, reportId);
  const absent = await mod.send('POST', '/moderation/reports/1', { act: 'dismiss', reason: 'x' });
  assert.equal(absent.status, 404);
});

test('a deleted tweet leaves its report open without the text; erasing an account deletes reports about it', async () => {
  const [ann, bob] = await site.users('z_ann', 'z_bob');
  const { tweetId } = await ann.post('/postTweet', { content: 'gone soon' });
  await bob.post('/report', { tweetId, reason: 'words of bob' });
  await ann.post('/report', { userId: bob.id, reason: 'words of ann' });
  await ann.delete(`/tweets/${tweetId}`);
  assert.deepEqual(
    (await reportsAbout(ann)).map(({ content, reason }) => [content, reason]),
    [[null, 'words of bob']],
  );
  const removed = await ann.send('DELETE', '/me', { password: 'z_ann likes long passwords' });
  assert.equal(removed.status, 200);
  await eventually(async () => {
    assert.deepEqual(await reportsAbout(ann), []);
    assert.deepEqual(
      (await reportsAbout(bob)).map(({ reason }) => reason),
      [''],
    );
  });
});

async function upload(user: User): Promise<{ image: string; url: string }> {
  const square = { width: 2, height: 2, channels: 3, background: 'red' } as const;
  const png = await sharp({ create: square }).png().toBuffer();
  return user.post('/media', pictureForm(new Uint8Array(png), 'me.png'));
}

test('a picture that an administrator removes is not served any more, and the profile shows none', async () => {
  const ann = await site.user('p_ann');
  const { image, url } = await upload(ann);
  await ann.post('/me/profile', { picture: image });
  const { tweetId } = await ann.post('/postTweet', { content: 'look', images: [image] });
  const { moderation } = site.api;
  await moderation.removePicture({ name: image, traceId: '', ...ROOT });
  assert.equal((await fetch(site.url + url)).status, 404);
  assert.equal((await ann.get('/me')).pictureUrl, null);
  assert.equal((await ann.get(`/tweets/${tweetId}`)).content, 'look');
  const reused = await ann.send('POST', '/postTweet', { content: 'again', images: [image] });
  assert.equal(reused.body.code, 'unknown_image');
  assert.deepEqual(await newestEntries(1), [
    ['root', 'picture.removed', Number(ann.id), `picture ${image}`, 'trusted'],
  ]);
  await assert.rejects(moderation.removePicture({ name: image, traceId: '', ...ROOT }), /no picture/);
});

test('reports are limited per user and hour', async () => {
  const quotas = { report: { quota: 2, window_ms: 3_600_000 } };
  const strict = await openSystemHttp({ rateLimits: 'on', quotas });
  try {
    const [ann, bob] = await strict.users('ann', 'bob');
    for (const status of [200, 200, 429]) {
      const { status: got, headers } = await ann.send('POST', '/report', { userId: bob.id, reason: 'x' });
      assert.equal(got, status);
      assert.match(headers.get('ratelimit-policy') ?? '', /^"report";q=2;w=3600/);
    }
    assert.equal((await bob.send('POST', '/report', { userId: ann.id, reason: 'x' })).status, 200);
  } finally {
    await strict.close();
  }
});
