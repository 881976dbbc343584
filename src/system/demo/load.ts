/** Executes a plan through the services, on a clock of its own that ends at the present. */
import { isWarbleError } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import type { ManualClock } from '#platform/clock.ts';
import type { Random } from '#platform/random.ts';
import type { System } from '../system.ts';
import type { PlannedAction } from './plan.ts';
import { replyText, tweetText } from './words.ts';

/** What was really done, in order, for comparing homes and top lists with a plain computation. */
export interface Loaded {
  userIds: UserId[];
  tweetIds: (number | undefined)[];
  follows: { follower: UserId; followee: UserId }[];
  tweets: { tweetId: number; author: UserId }[];
  likes: { tweetId: number; actor: UserId }[];
  comments: { tweetId: number; actor: UserId; commentId: number }[];
  reposts: { tweetId: number; actor: UserId }[];
  /** How many actions the rules refused, such as following more than 5,000 users. */
  refused: number;
}

export interface LoadDeps {
  system: System;
  clock: ManualClock;
  random: Random;
  handles: readonly string[];
  userIds: UserId[];
  actions: readonly PlannedAction[];
  onProgress: (done: number) => void;
}

/** Actions that run concurrently, and so share commits. */
const MAX_CONCURRENT = 256;
/** After this time all derived data is up to date (top lists are made about once a second). */
const SETTLE_MS = 2_000;
/** Actions farther apart than this do not run concurrently. */
const TICK_MS = 5 * 60_000;

export async function loadCommunity(deps: LoadDeps): Promise<Loaded> {
  const { system, clock, actions, userIds, onProgress } = deps;
  const loaded: Loaded = {
    userIds,
    tweetIds: [],
    follows: [],
    tweets: [],
    likes: [],
    comments: [],
    reposts: [],
    refused: 0,
  };
  for (let done = 0; done < actions.length; ) {
    const group = nextGroup(actions, done);
    const ahead_ms = group[0]!.time - clock.now();
    if (ahead_ms > 0) clock.advance(ahead_ms);
    // Tweets come before what users do with them.
    for (const later of [false, true]) {
      const actions = group.filter((action) => dependsOnTweet(action) === later);
      await Promise.all(actions.map((action) => perform(deps, loaded, action)));
    }
    done += group.length;
    if (done % (MAX_CONCURRENT * 8) < group.length) await system.processAll();
    onProgress(done);
  }
  await system.processAll();
  clock.advance(SETTLE_MS);
  await system.processAll();
  return loaded;
}

/** The next group of actions that are close together in time. */
function nextGroup(actions: readonly PlannedAction[], start: number): PlannedAction[] {
  const first = actions[start]!;
  let end = start + 1;
  while (end < actions.length && end - start < MAX_CONCURRENT && actions[end]!.time <= first.time + TICK_MS)
    end++;
  return actions.slice(start, end);
}

function dependsOnTweet(action: PlannedAction): boolean {
  return action.kind === 'like' || action.kind === 'comment' || action.kind === 'repost';
}

async function perform(deps: LoadDeps, loaded: Loaded, action: PlannedAction): Promise<void> {
  try {
    await ACTION[action.kind](deps, loaded, action as never);
  } catch (error) {
    if (!isWarbleError(error)) throw error;
    loaded.refused++;
  }
}

const traceId = '';

const ACTION: {
  [Kind in PlannedAction['kind']]: (
    deps: LoadDeps,
    loaded: Loaded,
    action: Extract<PlannedAction, { kind: Kind }> & { tweet: number; other: number },
  ) => Promise<void>;
} = {
  async follow({ system, userIds }, loaded, { user, other }) {
    const edge = { follower: userIds[user]!, followee: userIds[other]! };
    await system.services.social.follow({ ...edge, private: false, traceId });
    loaded.follows.push(edge);
  },
  async tweet({ system, userIds, handles, random }, loaded, { user, tweet }) {
    const handle = random.integer(12) === 0 ? handles[random.integer(handles.length)]! : null;
    const author = userIds[user]!;
    const { tweetId } = await system.services.tweets.post({
      author,
      content: tweetText(random, handle),
      images: [],
      appId: null,
      idempotency: null,
      traceId,
    });
    loaded.tweetIds[tweet] = tweetId;
    loaded.tweets.push({ tweetId, author });
  },
  async like({ system, userIds }, loaded, { user, tweet }) {
    const action = { actor: userIds[user]!, tweetId: loaded.tweetIds[tweet]! };
    await system.services.engagement.like({ ...action, traceId });
    loaded.likes.push(action);
  },
  async comment({ system, userIds, random }, loaded, { user, tweet }) {
    const action = { actor: userIds[user]!, tweetId: loaded.tweetIds[tweet]! };
    const content = replyText(random);
    const request = { ...action, content, idempotency: null, traceId };
    const { commentId } = await system.services.engagement.comment(request);
    loaded.comments.push({ ...action, commentId });
  },
  async repost({ system, userIds }, loaded, { user, tweet }) {
    const action = { actor: userIds[user]!, tweetId: loaded.tweetIds[tweet]! };
    await system.services.engagement.repost({ ...action, traceId });
    loaded.reposts.push(action);
  },
};
