import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onSite, type Site } from '../testing/accounts.ts';

async function signUp(site: Site, handle: string) {
  const { body } = await site.call('POST', '/signup', { json: { handle, password: 'a good sentence' } });
  return { userId: Number(body.userId), token: body.token as string };
}
/** Reads a stream until its text holds what is waited for; `null`: until its end. */
async function readUntil(response: Response, wanted: string | null): Promise<string> {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      assert.equal(wanted, null, `the stream ended before ${wanted}: ${text}`);
      return text;
    }
    text += decoder.decode(value, { stream: true });
    if (wanted !== null && text.includes(wanted)) {
      reader.releaseLock();
      return text;
    }
  }
}

test('a stream tells of a tweet as it happens, and again to a client that comes back with its last id', () =>
  onSite(async (site) => {
    const ann = await signUp(site, 'Ann');
    const bob = await signUp(site, 'Bob');
    await site.follow(ann.userId, bob.userId);
    const stream = await site.request('GET', '/stream', { token: ann.token });
    assert.deepEqual(
      [stream.status, stream.headers.get('content-type'), stream.headers.get('cache-control')],
      [200, 'text/event-stream; charset=utf-8', 'no-store'],
    );
    const start = await readUntil(stream, 'retry: ');
    const lastId = /^id: (.*)$/m.exec(start)![1]!;
    site.pubsub.publish(ann.userId, {
      type: 'tweet',
      tweetId: 77,
      userId: bob.userId,
      time: site.clock.now(),
    });
    await readUntil(stream, '"tweetId":"77"');
    await stream.body!.cancel();
    for (const again of [
      await site.request('GET', '/stream', { token: ann.token, headers: { 'last-event-id': lastId } }),
      await site.request('GET', `/stream?lastEventId=${lastId}`, { token: ann.token }),
    ]) {
      await readUntil(again, '"tweetId":"77"');
      await again.body!.cancel();
    }
    const lost = await site.request('GET', '/stream?lastEventId=nonsense', { token: ann.token });
    await readUntil(lost, 'event: reset\ndata: {}');
  }));

test('a stream ends when its session does', () =>
  onSite(async (site) => {
    const { token } = await signUp(site, 'Ann');
    const stream = await site.request('GET', '/stream', { token });
    await readUntil(stream, 'retry');
    assert.equal((await site.call('POST', '/logout', { token })).status, 200);
    site.clock.advance(5_000);
    await site.streams.workers[0]!.step();
    await readUntil(stream, null);
  }));

test('a client that goes away leaves nothing open', () =>
  onSite(async (site) => {
    const { token } = await signUp(site, 'Ann');
    const stream = await site.request('GET', '/stream', { token });
    await readUntil(stream, 'retry');
    assert.equal(site.streams.count(), 1);
    await stream.body!.cancel();
    while (site.streams.count() > 0) await new Promise((resolve) => setImmediate(resolve));
  }));

test('a stream needs a token, in a header, and knows five per user', () =>
  onSite(async (site) => {
    const { token } = await signUp(site, 'Ann');
    assert.equal((await site.call('GET', '/stream')).status, 401);
    const inUrl = await site.call('GET', `/stream?token=${token}`);
    assert.equal(inUrl.status, 401);
    for (let i = 0; i < 5; i++) assert.equal((await site.request('GET', '/stream', { token })).status, 200);
    const sixth = await site.call('GET', '/stream', { token });
    assert.deepEqual([sixth.status, sixth.body.code], [429, 'rate_limited']);
    assert.ok(Number(sixth.headers.get('retry-after')) > 0);
  }));
