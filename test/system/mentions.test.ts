/**
 * A text is normalised and parsed once, when it is posted; mentioned users are named only to viewers who may know of
 * them, at each read, in every list.
 */
import assert from 'node:assert/strict';
import { after, mock, test } from 'node:test';
import { eventually, type User } from '#test/support/client.ts';
import { openSystemHttp } from '#test/support/system-http.ts';

const site = await openSystemHttp();
after(() => site.close());
const [ann, bob, cat, dan] = await site.users('ann', 'bob', 'cat', 'dan');
const { tweetId } = await ann.post('/postTweet', { content: 'with @bob and @nobody' });

/** The ids that the mentions carry, in each of the lists. */
async function mentioned(reader: User): Promise<(string | null)[][]> {
  const one = await reader.get(`/tweets/${tweetId}`);
  const { tweets } = await reader.get(`/${ann.id}/tweets`);
  return [one, ...tweets].map(({ entities }) =>
    entities.mentions.map(({ userId }: { userId: string | null }) => userId),
  );
}
const everywhere = (userId: string | null) => [
  [userId, null],
  [userId, null],
];

/** How often `act` has the text `content` brought to NFC, and searched for mentions. */
async function workOn(content: string, act: () => Promise<unknown>): Promise<[number, number]> {
  const normalize = mock.method(String.prototype, 'normalize');
  const matchAll = mock.method(String.prototype, 'matchAll');
  try {
    await act();
  } finally {
    mock.restoreAll();
  }
  const isIt = (text: unknown) => String(text) === content;
  return [
    normalize.mock.calls.filter((call) => isIt(call.this)).length,
    matchAll.mock.calls.filter((call) => isIt(call.this) && String(call.arguments[0]).startsWith('/[@'))
      .length,
  ];
}

test('a text is normalised and searched for mentions once, a comment too', async () => {
  const content = 'once with @bob';
  assert.deepEqual(await workOn(content, () => cat.post('/postTweet', { content })), [1, 1]);
  assert.deepEqual(await workOn(content, () => cat.post('/comment', { tweetId, content })), [1, 1]);
});

test('a user who blocks the viewer is not named to that viewer, but is to others', async () => {
  assert.deepEqual(await mentioned(cat), everywhere(bob.id));
  await bob.post('/block', { userId: cat.id });
  assert.deepEqual(await mentioned(cat), everywhere(null));
  assert.deepEqual(await mentioned(dan), everywhere(bob.id));
  await bob.delete(`/block/${cat.id}`);
  assert.deepEqual(await mentioned(cat), everywhere(bob.id));
});

test('a user whom the viewer blocks is not named either, but a protected account is', async () => {
  await cat.post('/block', { userId: bob.id });
  assert.deepEqual(await mentioned(cat), everywhere(null));
  await cat.delete(`/block/${bob.id}`);
  await bob.post('/me/profile', { protected: true });
  assert.deepEqual(await mentioned(cat), everywhere(bob.id));
  await bob.post('/me/profile', { protected: false });
});

test('a removed account is named to nobody any more', async () => {
  assert.deepEqual(await mentioned(dan), everywhere(bob.id));
  const { status } = await bob.send('DELETE', '/me', { password: 'bob likes long passwords' });
  assert.equal(status, 200);
  await eventually(async () => {
    for (const reader of [ann, cat, dan]) assert.deepEqual(await mentioned(reader), everywhere(null));
  });
});
