/** What must not compile: `npm run check` fails as soon as one of the marked lines does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ActivityId,
  type CommentId,
  type LikeId,
  type RelationshipId,
  type RepostId,
  type Snowflake,
  snowflakeOf,
  type TweetId,
  type UserId,
} from './ids.ts';

const user = 7 as UserId;
const tweet = 8 as TweetId;
const comment = 9 as CommentId;
const repost = 10 as RepostId;
const like = 11 as LikeId;
const relationship = 12 as RelationshipId;
const activity = 13 as ActivityId;

const takesUser = (id: UserId) => id;
const takesTweet = (id: TweetId) => id;
const takesComment = (id: CommentId) => id;
const takesRepost = (id: RepostId) => id;
const takesLike = (id: LikeId) => id;
const takesSnowflake = (id: Snowflake) => id;
const takesActivity = (id: ActivityId) => id;

test('an id of one kind is not accepted for another', () => {
  const wrong = [
    // @ts-expect-error
    takesUser(tweet),
    // @ts-expect-error
    takesUser(comment),
    // @ts-expect-error
    takesUser(repost),
    // @ts-expect-error
    takesUser(like),
    // @ts-expect-error
    takesUser(relationship),
    // @ts-expect-error
    takesTweet(user),
    // @ts-expect-error
    takesTweet(comment),
    // @ts-expect-error
    takesTweet(repost),
    // @ts-expect-error
    takesTweet(like),
    // @ts-expect-error: it may be a repost's
    takesTweet(activity),
    // @ts-expect-error
    takesComment(user),
    // @ts-expect-error
    takesComment(tweet),
    // @ts-expect-error
    takesComment(repost),
    // @ts-expect-error
    takesRepost(user),
    // @ts-expect-error
    takesRepost(tweet),
    // @ts-expect-error
    takesRepost(comment),
    // @ts-expect-error
    takesLike(user),
    // @ts-expect-error
    takesLike(tweet),
    // @ts-expect-error
    takesSnowflake(user),
    // @ts-expect-error
    takesActivity(user),
    // @ts-expect-error: a repost's activity is its id with a minus
    takesActivity(repost),
  ];
  assert.equal(wrong.length, 21);
});

test('every kind of snowflake is a Snowflake, and a Snowflake is none of them', () => {
  const general = [tweet, comment, repost, like, relationship].map(takesSnowflake);
  const wrong = [
    // @ts-expect-error
    takesUser(general[0]!),
    // @ts-expect-error
    takesTweet(general[0]!),
    // @ts-expect-error
    takesComment(general[0]!),
  ];
  assert.deepEqual(new Set(wrong), new Set([takesActivity(tweet)]));
});

test('a minted id has the kind that was asked for; plain numbers and sums fit every kind', () => {
  const minted = snowflakeOf({ time_ms: 1_800_000_000_000, hash: 0, kind: 'comment', sequence: 0 });
  assert.equal(takesComment(minted), minted);
  // @ts-expect-error
  assert.equal(takesTweet(minted), minted);
  assert.deepEqual([takesUser(1), takesTweet(1), takesTweet(tweet - 1)], [1, 1, 7]);
});
