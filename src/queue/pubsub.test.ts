import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPubSub, type PubSubEvent } from './pubsub.ts';

const posted = (tweetId: number): PubSubEvent => ({ type: 'tweet', tweetId, userId: 7, time: 0 });

test('every subscriber of a user gets the events, in order, and nobody else does', () => {
  const pubsub = createPubSub();
  const [one, two, other]: PubSubEvent[][] = [[], [], []];
  pubsub.subscribe(1, (event) => one!.push(event));
  pubsub.subscribe(1, (event) => two!.push(event));
  pubsub.subscribe(2, (event) => other!.push(event));
  pubsub.publish(1, posted(10));
  pubsub.publish(1, posted(11));
  assert.deepEqual(one, [posted(10), posted(11)]);
  assert.deepEqual(two, one);
  assert.deepEqual(other, []);
});

test('a listener that unsubscribed gets nothing more, and its user is no longer listed', () => {
  const pubsub = createPubSub();
  const told: PubSubEvent[] = [];
  const stop = pubsub.subscribe(1, (event) => told.push(event));
  const stopOther = pubsub.subscribe(1, () => {});
  assert.deepEqual([pubsub.hasSubscribers(1), [...pubsub.subscribedUsers()]], [true, [1]]);
  stop();
  pubsub.publish(1, posted(10));
  assert.deepEqual([told, pubsub.hasSubscribers(1)], [[], true]);
  stopOther();
  assert.deepEqual([pubsub.hasSubscribers(1), [...pubsub.subscribedUsers()]], [false, []]);
  pubsub.publish(1, posted(11));
});
