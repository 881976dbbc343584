/**
 * Fan-out: reads the topics tweets, reposts and follows, and delivers every activity, slice by slice, to the home
 * timelines of its actor's followers.
 *
 * **Where it starts.** Its position is kept in memory and starts at the end of the log. Home timelines do not outlive
 * the process either, and each is registered before it is backfilled: what was committed before comes by backfill, what
 * comes after is delivered. The timeline service keeps no home timeline before `progress({ started: true })` has said
 * where fan-out starts: what was committed between a backfill and that start would reach the home timeline neither way.
 *
 * **A follow loses nothing.** When the event of a follow is read, the follower is added to the author's list at once,
 * and then a job merges the author's tail. A tweet whose record was read before that was committed, so it is in the
 * tail. A tweet whose record is read later has a job that looks up the list later, with the follower in it. The order
 * between topics and partitions does not matter: lists change when a record is read, tails are read when a job runs.
 *
 * **Progress** is what the timeline service writes beside a packed home: the positions through which every record has
 * been delivered to its last slice, or recorded for fan-out on read.
 */
import { followOf, PARTITIONS, type Topic, type WarbleEvent } from '#domain/events.ts';
import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';
import type { Log } from '#queue/log.ts';
import type { PubSub } from '#queue/pubsub.ts';
import type { Social } from '#social/social.ts';
import type { Timeline } from '#timeline/timeline.ts';
import { createFollowerLists } from './follower-lists.ts';
import { createJobs, type Job } from './jobs.ts';
import { createPositions, type Ticket } from './positions.ts';
import { createPushOrPull, type PushOrPullOptions } from './push-or-pull.ts';

export interface Fanout {
  workers: Worker[];
  /** How far the log may be trimmed. Index: partition. Undefined: fan-out does not read the topic. */
  processedPositions(topic: Topic): Promise<number[] | undefined>;
  /** Number of records that are being delivered. */
  waiting(): number;
  close(): Promise<void>;
}

export interface FanoutDeps {
  log: Log;
  social: Pick<Social, 'followerIds' | 'follows'>;
  timeline: Pick<
    Timeline,
    'deliver' | 'mergeFollows' | 'recordFanOutOnRead' | 'seenLately' | 'readRate' | 'progress'
  >;
  pubsub: PubSub;
  clock: Clock;
  pushOrPull?: PushOrPullOptions;
  /** Follower ids kept in memory, over all lists. */
  maxFollowerIds?: number;
  /** Called when an activity has reached its last follower, with the time since it was made. */
  onDelivered?: (delay_ms: number) => void;
}

const READ_TOPICS = ['follows', 'tweets', 'reposts'] as const;
/** Records per read, and records under way at which reading pauses until some are done. */
const MAX_READ = 64;
const MAX_WAITING = 1_000;
/** Slices and readers per step: about a millisecond of work. */
const MAX_SLICES_PER_STEP = 64;
const MAX_READERS_PER_STEP = 8_000;
const IDLE_MS = 1_000;

interface Waiting {
  job: Job;
  ticket: Ticket;
  /** When the activity was made (ms since 1970); null: the record is no activity. */
  made: number | null;
}

export function createFanout(deps: FanoutDeps): Fanout {
  const { log, social, timeline, pubsub, clock, onDelivered } = deps;
  const lists = createFollowerLists({ social, ...(deps.maxFollowerIds && { maxIds: deps.maxFollowerIds }) });
  const pushOrPull = createPushOrPull({ timeline, clock, ...deps.pushOrPull });
  const jobs = createJobs({ social, timeline, pubsub, lists, pushOrPull });
  const positions = createPositions(READ_TOPICS);
  let queue: Waiting[] = [];
  let started = false;
  let reported = '';

  async function start(): Promise<void> {
    for (const topic of READ_TOPICS) positions.start(topic, (await log.range({ topic })).end);
    queue = [];
    await report(true);
    started = true;
  }

  async function report(first: boolean): Promise<void> {
    const [tweets, reposts] = [positions.done('tweets'), positions.done('reposts')];
    const now = `${tweets} ${reposts}`;
    if (now === reported && !first) return;
    await timeline.progress({ tweets, reposts, started: first });
    reported = now;
  }

  /** The job for a record; null: there is none. Follows change the author's list here, before later records are read. */
  function jobOf(event: WarbleEvent): Job | null {
    const { type, key, entityId, itemId, time } = event;
    switch (type) {
      case 'tweet.posted':
        return jobs.fanOut({ activity: entityId, actor: key, tweetId: entityId, time });
      case 'tweet.deleted':
        return jobs.notifyDeleted(entityId, key);
      case 'repost.added':
        return jobs.fanOut({ activity: -itemId, actor: key, tweetId: entityId, time });
      case 'follow.added': {
        const { follower, followee } = followOf(event);
        lists.follow(followee, follower);
        return jobs.mergeFollow(follower, followee);
      }
      case 'follow.removed':
        lists.unfollow(followOf(event).followee);
        return null;
      default:
        return null;
    }
  }

  async function readPartition(topic: Topic, partition: number): Promise<void> {
    const after = positions.read(topic, partition);
    for (const { position, event } of await log.read({ topic, partition, after, limit: MAX_READ })) {
      const ticket = positions.take(topic, partition, position);
      const job = jobOf(event);
      const isActivity = event.type === 'tweet.posted' || event.type === 'repost.added';
      if (job === null) ticket.done();
      else queue.push({ job, ticket, made: isActivity ? event.time : null });
    }
  }

  /** True: there were records. Pauses while too many are under way; each step begins with another partition. */
  let turn = 0;
  async function readLog(): Promise<boolean> {
    let found = false;
    turn = (turn + 1) % PARTITIONS;
    for (const topic of READ_TOPICS) {
      const { start: logStart, end: logEnd } = await log.range({ topic });
      for (let i = 0; i < PARTITIONS; i++) {
        const partition = (turn + i) % PARTITIONS;
        const at = positions.read(topic, partition);
        if (logEnd[partition]! <= at) continue;
        if (queue.length >= MAX_WAITING) return true;
        // The trimmer asks `processedPositions`, so this cannot happen; if it does, homes are rebuilt from facts.
        if (logStart[partition]! > at) await start();
        await readPartition(topic, partition);
        found = true;
      }
    }
    return found;
  }

  function finish({ ticket, made }: Waiting): void {
    ticket.done();
    if (made !== null) onDelivered?.(clock.now() - made);
  }

  /** Delivers a slice each of some waiting jobs, round robin. True: some made progress. Throws where all failed. */
  async function deliverSome(): Promise<boolean> {
    const taken = queue.splice(0, MAX_SLICES_PER_STEP);
    if (taken.length === 0) return false;
    const ready: { waiting: Waiting; slice: Awaited<ReturnType<Job['next']>> }[] = [];
    const untouched: Waiting[] = [];
    const failures: unknown[] = [];
    let room = MAX_READERS_PER_STEP;
    for (const waiting of taken) {
      if (room <= 0) {
        untouched.push(waiting);
        continue;
      }
      try {
        const slice = await waiting.job.next(room);
        room -= slice.delivery?.readers.length ?? 0;
        ready.push({ waiting, slice });
      } catch (error) {
        failures.push(error);
        queue.push(waiting);
      }
    }
    const deliveries = ready.flatMap(({ slice }) =>
      slice.delivery === null || slice.delivery.readers.length === 0 ? [] : [slice.delivery],
    );
    try {
      if (deliveries.length > 0) await timeline.deliver({ deliveries });
    } catch (error) {
      queue.unshift(...untouched, ...ready.map(({ waiting }) => waiting));
      throw error;
    }
    for (const { waiting, slice } of ready) {
      if (slice.delivered()) finish(waiting);
      else queue.push(waiting);
    }
    queue.unshift(...untouched);
    if (ready.length === 0 && failures.length > 0) throw failures[0];
    return true;
  }

  const worker: Worker = {
    name: 'fanout',
    idle_ms: IDLE_MS,
    followsLog: true,
    async step() {
      if (!started) await start();
      const found = await readLog();
      const moved = await deliverSome();
      await report(false);
      return found || moved || queue.length > 0;
    },
  };

  return {
    workers: [worker],
    async processedPositions(topic) {
      return (READ_TOPICS as readonly Topic[]).includes(topic) ? positions.done(topic) : undefined;
    },
    waiting: () => queue.length,
    close: async () => {},
  };
}
