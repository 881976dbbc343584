import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLive, type LiveEvent } from './pubsub.ts';

const posted = (tweetId: number): LiveEvent => ({ type: 'tweet', tweetId, userId: 7, time: 0 });

test('everybody who listens for a user is told, in order, and nobody else', () => {
  const live = createLive();
  const [one, two, other]: LiveEvent[][] = [[], [], []];
  live.listen(1, (event) => one!.push(event));
  live.listen(1, (event) => two!.push(event));
  live.listen(2, (event) => other!.push(event));
  live.publish(1, posted(10));
  live.publish(1, posted(11));
  assert.deepEqual(one, [posted(10), posted(11)]);
  assert.deepEqual(two, one);
  assert.deepEqual(other, []);
});

test('who stopped listening is told no more, and is no longer among the users', () => {
  const live = createLive();
  const told: LiveEvent[] = [];
  const stop = live.listen(1, (event) => told.push(event));
  const stopOther = live.listen(1, () => {});
  assert.deepEqual([live.listening(1), [...live.users()]], [true, [1]]);
  stop();
  live.publish(1, posted(10));
  assert.deepEqual([told, live.listening(1)], [[], true]);
  stopOther();
  assert.deepEqual([live.listening(1), [...live.users()]], [false, []]);
  live.publish(1, posted(11));
});
