/** Deleted and erased texts are in no file of the data directory any more, byte by byte. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import sharp from 'sharp';
import { type Api, openApi, type Someone } from '#gateway/testing/gateway.ts';
import { pictureForm } from '#test/support/system-http.ts';

/** Longer than a request that was admitted before the removal may run. */
const LATE_WRITES_MS = 3 * 60_000;

let api: Api;
beforeEach(async () => {
  api = await openApi();
});
afterEach(() => api.close());

/** The files of the data directory that hold `text`. */
function filesWith(text: string): string[] {
  const directory = dirname(api.system.stores.tweets.db.path);
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return files.filter((name) => {
    const path = join(directory, name);
    return statSync(path).isFile() && readFileSync(path).includes(text);
  });
}

async function post(user: Someone, content: string): Promise<string> {
  const { status, body } = await user.post('/postTweet', { content });
  assert.equal(status, 200, JSON.stringify(body));
  return body.tweetId;
}

async function uploadWithAlt(user: Someone, alt: string): Promise<string> {
  const red = { width: 6, height: 4, channels: 3, background: 'red' } as const;
  const png = new Uint8Array(await sharp({ create: red }).png().toBuffer());
  const response = await fetch(`${api.url}/api/v1/media`, {
    method: 'POST',
    headers: { authorization: `Bearer ${user.token}` },
    body: pictureForm(png, 'file-name-of-eve.png', alt),
  });
  assert.equal(response.status, 200);
  return ((await response.json()) as { image: string }).image;
}

test('deleted tweets and comments, and replaced bios, are in no file after a minute', async () => {
  const [ada, bob] = [await api.someone('ada'), await api.someone('bob')];
  const tweetId = await post(ada, 'words that ada regrets');
  const theirs = await post(bob, 'words that stay');
  const comment = await ada.post('/comment', { tweetId: theirs, content: 'a reply that ada regrets' });
  await ada.put('/me/profile', { bio: 'a bio that ada regrets' });
  await api.settle();
  const texts = ['words that ada regrets', 'a reply that ada regrets', 'a bio that ada regrets'];
  for (const text of texts) assert.notDeepEqual(filesWith(text), [], text);

  const { commentId } = comment.body;
  const answers = [
    await ada.delete(`/tweets/${tweetId}`),
    await ada.delete(`/tweets/${theirs}/comments/${commentId}`),
    await ada.put('/me/profile', { bio: '' }),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
  await api.settle(60_000);
  for (const text of texts) assert.deepEqual(filesWith(text), [], text);
  assert.notDeepEqual(filesWith('words that stay'), []);
});

test('no text of an erased account is left in any file', async () => {
  const [eve, fay] = [await api.someone('eve'), await api.someone('fay')];
  await eve.put('/me/profile', { name: 'Eve Herself', bio: 'a life of eve' });
  const credentials = { handle: 'eve', password: 'eve likes long passwords' };
  const signedIn = await api.anybody.post('/login', credentials, { 'user-agent': 'telephone of eve' });
  assert.equal(signedIn.status, 200);
  const image = await uploadWithAlt(eve, 'alt text of eve');
  const theirs = await post(fay, 'words of fay');
  await eve.post('/postTweet', { content: 'a picture of eve', images: [image] });
  for (let i = 0; i < 50; i++) {
    await post(eve, `words of eve, ${i}`);
    await post(fay, `words of fay, ${i}`);
    await eve.post('/comment', { tweetId: theirs, content: `reply of eve, ${i}` });
  }
  await api.settle();
  const texts = ['Eve Herself', 'of eve', '-of-eve', 'telephone of eve'];
  for (const text of texts) assert.notDeepEqual(filesWith(text), [], text);

  assert.equal((await eve.delete('/me', { password: 'eve likes long passwords' })).status, 200);
  await api.settle(60_000);
  for (const text of ['of eve', '-of-eve']) assert.deepEqual(filesWith(text), [], `${text}, after a minute`);
  await api.settle(LATE_WRITES_MS);
  for (const text of texts) assert.deepEqual(filesWith(text), [], text);
  assert.notDeepEqual(filesWith('words of fay, 49'), []);
});

test('the log cannot be emptied while another process reads the file; it is as soon as that has finished', async () => {
  const ada = await api.someone('ada');
  const tweetId = await post(ada, 'words that ada regrets');
  const reader = new DatabaseSync(api.system.stores.tweets.db.path);
  try {
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM tweets').get();
    await ada.delete(`/tweets/${tweetId}`);
    await api.settle(60_000);
    assert.deepEqual(filesWith('words that ada regrets'), ['tweets.db-wal']);
    reader.exec('COMMIT');
    await api.settle(60_000);
    assert.deepEqual(filesWith('words that ada regrets'), []);
  } finally {
    reader.close();
  }
});
