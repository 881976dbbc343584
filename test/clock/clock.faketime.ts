/** Processes whose machine's clock is set back, jumps ahead and steps: nobody sees anything of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Client, eventually, signUp, type User } from '../support/client.ts';
import { type Server, startServer, temporaryData } from '../support/server.ts';
import { createFakeTime, type FakeTime } from './faketime.ts';

/** Far more than an answer takes here, and far less than any jump. */
const NOW_S = 10;

describe('a server whose machine does not keep time', () => {
  const { data, remove } = temporaryData();
  let time: FakeTime;
  let server: Server;
  let ann: User;
  let ben: User;
  let cat: User;
  const here = () => server.url;

  const start = async () => {
    server = await startServer({ data, env: time.env });
  };
  before(async () => {
    time = createFakeTime(`${data}.time`);
    await start();
    ann = await signUp(here, 'ann');
    ben = await signUp(here, 'ben');
    cat = await signUp(here, 'cat');
    for (const { id } of [ann, ben]) await cat.post('/follow', { userId: id });
  });
  after(async () => {
    await server.kill();
    remove();
  });

  const post = async (user: Client, content: string): Promise<string> =>
    (await user.post('/postTweet', { content })).tweetId;
  const homeOf = async (user: Client, limit: number): Promise<{ content: string; time: string }[]> =>
    (await user.get(`/me/tweets?followed=true&limit=${limit}`)).tweets;

  async function assertHome(...expected: string[]): Promise<void> {
    await eventually(async () => {
      const shown = await homeOf(cat, expected.length);
      assert.deepEqual(
        shown.map(({ content }) => content),
        expected,
      );
    });
  }

  /** Every act whose id is minted, once. Fails where one is refused. */
  async function actOnce(name: string): Promise<string> {
    const tweetId = await post(ann, name);
    await ben.post('/like', { tweetId });
    await ben.post('/repost', { tweetId });
    await ben.post('/comment', { tweetId, content: name });
    await ann.post('/follow', { userId: ben.id });
    await ann.delete(`/follow/${ben.id}`);
    return tweetId;
  }

  for (const [how, stop] of [
    ['stopped', () => server.stop()],
    ['killed', () => server.kill()],
  ] as const) {
    test(`set back 36 s while it was ${how}, twice: homes read in order, and a new like is unread`, async () => {
      const first = await post(ann, `${how} one`);
      let ahead = 0;
      for (const [author, content] of [
        [ben, `${how} two`],
        [ann, `${how} three`],
      ] as const) {
        const { notifications } = await ann.get('/me/notifications');
        if (notifications.length > 0) {
          const { unread } = await ann.post('/me/notifications/read', { upTo: notifications[0].id });
          assert.equal(unread, 0);
        }
        await stop();
        ahead -= 36;
        time.setAhead(ahead);
        await start();
        assert.match(
          server.stdout() + server.stderr(),
          /later than this machine's clock; set the clock if it is wrong/,
        );
        await post(author, content);
        await ben.send('DELETE', `/like/${first}`);
        await ben.post('/like', { tweetId: first });
        await eventually(async () => {
          const page = await ann.get('/me/notifications');
          assert.equal(page.notifications[0]?.type, 'like');
          assert.equal(page.notifications[0].read, false, 'it was not there when the mark was set');
        });
      }
      await assertHome(`${how} three`, `${how} two`, `${how} one`);
      time.setAhead(0);
    });
  }

  test('an hour ahead for two seconds: nothing is refused, then or later, and no tweet is from the future', async () => {
    const end = performance.now() + 2_000;
    time.setAhead(3_600);
    let acts = 0;
    while (performance.now() < end) await actOnce(`ahead ${acts++}`);
    time.setAhead(0);
    for (let i = 0; i < 10; i++) await actOnce(`back ${i}`);
    await post(ben, 'now');
    const [newest] = await homeOf(cat, 1);
    assert.equal(newest!.content, 'now');
    for (const { content, time: at } of await homeOf(cat, 20)) {
      assert.ok(Date.parse(at) < Date.now() + NOW_S * 1_000, `${content} is of ${at}`);
    }
  });

  test('a step of 15 s, forward and back: nothing is refused, and homes read in order', async () => {
    for (const ahead of [15, 0]) {
      await post(ann, `before ${ahead}`);
      time.setAhead(ahead);
      for (let i = 0; i < 10; i++) await actOnce(`after ${ahead}, ${i}`);
      await post(ben, `last ${ahead}`);
      await assertHome(`last ${ahead}`, ...[9, 8, 7].map((i) => `after ${ahead}, ${i}`));
    }
  });
});
