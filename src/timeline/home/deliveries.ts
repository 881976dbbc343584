/** What fan-out calls: deliveries into home timelines, merges after follows, and its progress. */
import type { Snowflake, UserId } from '#domain/ids.ts';
import { snowflakeTime } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { PubSub } from '#queue/pubsub.ts';
import type { Delivery, FanoutProgress, Timeline } from '#timeline/timeline.ts';
import type { HomeTimelines } from '../home-timelines/home-timelines.ts';
import type { ActivityFacts } from './activity-facts.ts';
import type { Backfill } from './backfill.ts';
import { type FolloweeSets, withFollowee } from './followee-set.ts';
import type { HomeCheckpointer } from './home-checkpointer.ts';
import type { HomeLoader } from './home-loader.ts';

export interface DeliveriesDeps {
  homeTimelines: HomeTimelines;
  homeLoader: HomeLoader;
  homeCheckpointer: HomeCheckpointer;
  followeeSets: FolloweeSets;
  backfill: Backfill;
  facts: ActivityFacts;
  pubsub: PubSub;
}

type Parts = Pick<Timeline, 'deliver' | 'seenLately' | 'mergeFollows' | 'progress'>;

export function createDeliveries(deps: DeliveriesDeps): Parts {
  const { homeTimelines, homeLoader, homeCheckpointer, followeeSets, backfill, facts, pubsub } = deps;
  let started = false;

  /**
   * Delivers one slice. Connected readers, with or without a home timeline, are notified of postings, not of reposts.
   */
  function deliverOne({ activity, actor, tweetId, readers }: Delivery): void {
    facts.learn(activity, actor, tweetId);
    const time = snowflakeTime(Math.abs(activity));
    for (let i = 0; i < readers.length; i++) {
      const reader = readers[i]!;
      const slot = homeTimelines.find(reader);
      const isNew = slot < 0 || homeTimelines.insert(slot, activity);
      if (isNew && activity > 0 && pubsub.hasSubscribers(reader)) {
        pubsub.publish(reader, { type: 'tweet', tweetId, userId: actor, time });
      }
    }
  }

  /** Merges the author's tail, down to the home timeline's floor: what fan-out read before it read the follow. */
  async function mergeTail(reader: UserId, author: UserId): Promise<void> {
    const atLeast = homeTimelines.floor(homeTimelines.find(reader));
    const request = {
      reader,
      authors: [author],
      before: null,
      atLeast,
      want: LIMITS.homeTimeline,
      strict: true,
    };
    const tail = await backfill.newest(request);
    const slot = homeTimelines.find(reader);
    // Evicted meanwhile: it will be filled from facts, and the follow is one of them.
    if (slot < 0) return;
    for (let i = tail.ids.length - 1; i >= 0; i--) homeTimelines.insert(slot, tail.ids[i]!);
    if (tail.floor > atLeast) homeTimelines.raiseFloor(slot, tail.floor);
  }

  async function mergeOne(reader: UserId, author: UserId): Promise<void> {
    if (homeTimelines.find(reader) < 0) return;
    await mergeTail(reader, author);
    const { digest, all } = await followeeSets.of(reader);
    const slot = homeTimelines.find(reader);
    // One that is being filled gets the digest of the followees for whom it is filled.
    if (slot < 0 || !homeTimelines.isReady(slot) || homeTimelines.digest(slot) === digest) return;
    if (withFollowee(homeTimelines.digest(slot), author) === digest) homeTimelines.setDigest(slot, digest);
    // A reader with very many followees refills it with the next read: other deliveries must not wait for that.
    else if (all.length <= LIMITS.batch) await homeLoader.refill(reader);
  }

  return {
    async deliver({ deliveries }) {
      for (const delivery of deliveries) deliverOne(delivery);
    },
    async seenLately({ readers }) {
      return readers.filter((reader) => homeTimelines.find(reader) >= 0);
    },
    async mergeFollows({ follows }) {
      for (const { reader, author } of follows) await mergeOne(reader, author);
    },
    async progress(progress) {
      const known = homeCheckpointer.progress();
      // This is not the fan-out that delivered to these home timelines, and it will not deliver what came in between.
      if (progress.started && started && !samePositions(progress, known)) homeLoader.dropAll();
      homeCheckpointer.setProgress({ tweets: progress.tweets, reposts: progress.reposts });
      if (!started) homeLoader.start();
      started = true;
    },
  };
}

function samePositions(a: FanoutProgress, b: { tweets: Snowflake[]; reposts: Snowflake[] }): boolean {
  const same = (x: number[], y: number[]) => x.every((position, partition) => position === y[partition]);
  return same(a.tweets, b.tweets) && same(a.reposts, b.reposts);
}
