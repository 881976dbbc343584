/** The engagement service on the real tweets and social services, on a manual clock, for tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PARTITIONS, type Topic, type WarbleEvent } from '#domain/events.ts';
import type { TweetId, UserId } from '#domain/ids.ts';
import { createManualClock } from '#platform/clock.ts';
import { createMinter, type Minter } from '#platform/ids/minter.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { createInThreadDisk } from '#platform/sqlite/in-thread-disk.ts';
import { createSteadyClock } from '#platform/steady-clock.ts';
import { joinLogs } from '#queue/log.ts';
import { createSocialService } from '#social/social-service.ts';
import { openSqliteSocialStore } from '#social/stores/sqlite.ts';
import { openSqliteTweetsStore } from '#tweets/stores/sqlite.ts';
import { createTweetsService } from '#tweets/tweets-service.ts';
import { createCommentSweeper } from '../comment-sweeper.ts';
import { createEngagementService } from '../engagement-service.ts';
import { createDeadTweetSweeper, createEngagementPruner } from '../engagement-upkeep.ts';
import { createCachedEngagementStore } from '../stores/cached.ts';
import { openSqliteEngagementStore } from '../stores/sqlite.ts';

export const T0 = Date.UTC(2026, 0, 21, 10, 24);

export async function openWorld() {
  const directory = mkdtempSync(join(tmpdir(), 'warble-engagement-'));
  const clock = createManualClock(T0);
  const minter = createMinter({ clock: createSteadyClock(clock) });
  let running = start(directory, { clock, minter });

  return {
    clock,
    minter,
    /** What runs now; another after `restart`. */
    get now(): Running {
      return running;
    },
    /** Lets time pass. */
    async pass(duration_ms: number): Promise<void> {
      clock.advance(duration_ms);
    },
    /** Kills all three stores where they stand, and starts again on what they left. */
    async restart(): Promise<void> {
      running.crash();
      running = start(directory, { clock, minter });
      await this.pass(1_000);
    },
    async users(...userIds: UserId[]): Promise<void> {
      for (const userId of userIds) {
        const user = { userId, handle: `p${userId}`, name: `User ${userId}`, time: clock.now() };
        await running.social.createUser(user);
      }
    },
    async protect(userId: UserId): Promise<void> {
      await running.social.setProfile({ userId, changes: { protected: true }, traceId: '' });
    },
    async tweetOf(author: UserId, content = 'hello'): Promise<TweetId> {
      const nothing = { images: [], mentioned: {}, appId: null, idempotency: null, traceId: '' };
      return (await running.tweets.post({ author, content, ...nothing })).tweetId;
    },
    async close(): Promise<void> {
      await running.close();
      rmSync(directory, { recursive: true });
    },
  };
}
export type World = Awaited<ReturnType<typeof openWorld>>;

interface Shared {
  clock: ReturnType<typeof createManualClock>;
  minter: Minter;
}
export type Running = ReturnType<typeof start>;

function start(directory: string, { clock, minter }: Shared) {
  /** Commits still to pass, their beginnings and ends both counted, before all stores die at once. */
  let edgesLeft = Number.POSITIVE_INFINITY;
  let died = false;
  const edge = () => {
    edgesLeft -= 1;
    if (edgesLeft === 0) crash();
  };
  const faults: CommitFaults = { beforeCommit: edge, afterCommit: edge };
  const tweetsStore = openSqliteTweetsStore({ path: join(directory, 'tweets.db'), faults });
  const socialStore = openSqliteSocialStore({ path: join(directory, 'social.db') });
  const disk = createInThreadDisk();
  const plain = openSqliteEngagementStore({ path: join(directory, 'engagement.db'), disk, faults });
  const store = createCachedEngagementStore({ store: plain });
  const stores = [tweetsStore, socialStore, plain];
  function crash(): void {
    died = true;
    for (const { db } of stores) db.crash();
  }
  const tweets = createTweetsService({ store: tweetsStore, minter, clock });
  const social = createSocialService({ store: socialStore, minter, clock });
  const log = joinLogs([plain.log, tweetsStore.log, socialStore.log]);
  return {
    tweets,
    social,
    store,
    log,
    engagement: createEngagementService({ store, tweets, social, minter, clock }),
    sweeper: createCommentSweeper({ store, tweets, clock }),
    pruner: createEngagementPruner({ store, clock }),
    deadTweets: createDeadTweetSweeper({ store, tweets, clock }),
    /** Every event of a topic, partition by partition. */
    async events(topic: Topic): Promise<WarbleEvent[]> {
      const events: WarbleEvent[] = [];
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const records = await log.read({ topic, partition, after: 0, limit: 10_000 });
        events.push(...records.map((record) => record.event));
      }
      return events;
    },
    /** All stores die at the n-th beginning or end of a commit from here. */
    dieAt(edges: number): void {
      edgesLeft = edges;
    },
    died: () => died,
    crash,
    async close(): Promise<void> {
      for (const { db } of stores) await db.close();
    },
  };
}
