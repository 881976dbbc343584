/** Notices about a user's own account, as the user sees them through the API. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type ApiResponse, eventually, type User } from '#test/support/client.ts';
import { openSystemHttp } from '#test/support/system-http.ts';

const site = await openSystemHttp();
after(() => site.close());

const passwordOf = ({ handle }: User) => `${handle} likes long passwords`;

/** Signs a user in; returns the token. */
async function signIn(user: User, userAgent: string, password = passwordOf(user)): Promise<string> {
  const credentials = { handle: user.handle, password };
  const { status, body } = await site.nobody.send('POST', '/login', credentials, { 'user-agent': userAgent });
  assert.equal(status, 200);
  return body.token;
}
async function told(user: User): Promise<string[]> {
  const { notifications } = await user.get('/me/notifications');
  return notifications.map(({ type, read }: ApiResponse['body']) => (read ? type : `${type}*`));
}

test('a sign-in from a new device is a notification, in the list and on the stream; from a known one it is none', async () => {
  const ann = await site.user('ann');
  assert.deepEqual(await told(ann), []);
  const stream = await site.stream(ann);
  await signIn(ann, 'Firefox/140.0');
  const { data } = await stream.until('notification');
  assert.equal((await stream.until('counts')).data.unread, 1);
  const { notifications, unread, users } = await ann.get('/me/notifications');
  assert.deepEqual({ ...notifications[0], users }, data);
  const { id, time, ...rest } = notifications[0];
  assert.deepEqual(rest, {
    type: 'signIn',
    actors: [],
    actorCount: 0,
    tweetId: null,
    commentId: null,
    read: false,
  });
  assert.equal(unread, 1);
  assert.ok(Date.parse(time) <= Date.now());
  const { sessions } = await ann.get('/sessions');
  assert.equal(sessions.find((session: ApiResponse['body']) => session.id === id).device, 'Firefox/140.0');

  const again = site.holder(await signIn(ann, 'Firefox/140.0'));
  await again.post('/logout');
  for (const session of sessions) if (!session.current) await ann.delete(`/sessions/${session.id}`);
  await signIn(ann, 'Firefox/141.0.1');
  assert.deepEqual(await told(ann), ['signIn*'], 'the same device, also after it had signed out');
  assert.equal(stream.events.filter(({ type }) => type === 'notification').length, 1);
  stream.close();
});

test('a changed password is a notification; a read marker covers it, and nobody else sees it', async () => {
  const [ben, cyd] = await site.users('ben', 'cyd');
  const stream = await site.stream(ben);
  const next = 'ben has chosen another one';
  const refused = await ben.send('POST', '/password', { current: 'wrong password', new: next });
  assert.equal(refused.status, 403);
  assert.deepEqual(await told(ben), []);
  await ben.post('/password', { current: passwordOf(ben), new: next });
  assert.equal((await stream.until('notification')).data.type, 'passwordChanged');
  await signIn(ben, 'Wget/1.2', next);
  assert.deepEqual(await told(ben), ['signIn*', 'passwordChanged*']);
  assert.deepEqual(await told(cyd), []);

  const first = await ben.get('/me/notifications?limit=1');
  const second = await ben.get(`/me/notifications?limit=1&cursor=${first.nextCursor}`);
  assert.deepEqual([second.notifications[0].type, second.nextCursor], ['passwordChanged', null]);
  const read = await ben.post('/me/notifications/read', { upTo: second.notifications[0].id });
  assert.equal(read.unread, 1);
  assert.deepEqual(await told(ben), ['signIn*', 'passwordChanged']);
  stream.close();
});

test('an administrator’s new password is a notification too', async () => {
  const dan = await site.user('dan');
  const userId = Number(dan.id);
  const { password } = await site.api.administration.resetPassword({
    userId,
    by: 'root',
    from: 'here',
    reason: 'lost',
  });
  const back = site.holder(await signIn(dan, 'node', password));
  const { notifications } = await back.get('/me/notifications');
  assert.deepEqual(
    notifications.map(({ type }: ApiResponse['body']) => type),
    ['passwordChanged'],
  );
});

test('no setting turns them off', async () => {
  const eve = await site.user('eve');
  const { types } = await eve.get('/me/notification-settings');
  for (const type of ['signIn', 'passwordChanged']) {
    assert.equal(types[type], undefined);
    const change = { types: { [type]: { audience: 'nobody' } } };
    assert.equal((await eve.send('PUT', '/me/notification-settings', change)).status, 400, type);
  }
  const nobody = Object.fromEntries(Object.keys(types).map((type) => [type, { audience: 'nobody' }]));
  assert.equal((await eve.send('PUT', '/me/notification-settings', { types: nobody })).status, 200);
  await signIn(eve, 'Wget/1.2');
  assert.deepEqual(await told(eve), ['signIn*']);
});

test('they are deleted with the account', async () => {
  const fay = await site.user('fay');
  await signIn(fay, 'Wget/1.2');
  const userId = Number(fay.id);
  assert.equal((await site.api.accounts.notices({ userId, after: 0 })).length, 1);
  const gone = await fay.send('DELETE', '/me', { password: passwordOf(fay) });
  assert.equal(gone.status, 200);
  await eventually(async () => assert.equal((await fay.send('GET', '/me/notifications')).status, 401));
});
