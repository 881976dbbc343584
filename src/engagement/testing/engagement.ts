/** The engagement service on the real tweets and social services, on a manual clock, for tests. */
import { PARTITIONS, type Topic, type WarbleEvent } from '#domain/events.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { createBackends, createServices, type ServicesOptions } from '#test/support/services.ts';
import { createCommentSweeper } from '../comment-sweeper.ts';
import { createDeadTweetSweeper, createEngagementPruner } from '../engagement-upkeep.ts';

/** Several processes, one after the other, on the same stores. */
export function openWorld() {
  const backends = createBackends();
  let running = start({ backends });
  const { clock, minter } = running;

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
    /** Kills the process, whatever it is doing, and starts another on what it left. */
    async restart(): Promise<void> {
      running.die();
      running = start({ backends, clock, minter });
      await this.pass(1_000);
    },
  };
}
export type World = ReturnType<typeof openWorld>;
export type Running = ReturnType<typeof start>;

function start(options: ServicesOptions) {
  /** Commits still to pass, their beginnings and ends both counted, before the process dies. */
  let edgesLeft = Number.POSITIVE_INFINITY;
  const pass = () => {
    edgesLeft -= 1;
  };
  const died = () => edgesLeft <= 0;
  const faults: CommitFaults = {
    beforeCommit() {
      pass();
      if (died()) throw new Error('killed');
    },
    // What has committed may still be answered.
    afterCommit: pass,
  };
  const services = createServices({ ...options, faults });
  const { tweets, log, clock } = services;
  const store = services.stores.engagement;
  return {
    ...services,
    store,
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
    /** The process dies at the n-th beginning or end of a commit from here. */
    dieAt(edges: number): void {
      edgesLeft = edges;
    },
    died,
    die(): void {
      edgesLeft = 0;
    },
  };
}
