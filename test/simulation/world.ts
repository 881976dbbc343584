/** One system under simulation: its files, its clock, the faults that are armed, and all actions on it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isWarbleError, WarbleError } from '#domain/errors.ts';
import { snowflakeTime } from '#domain/ids.ts';
import { createManualClock, type ManualClock } from '#platform/clock.ts';
import { createSeededRandom } from '#platform/random.ts';
import { createSystem, type System } from '#system/system.ts';
import { createModel, type Done, type Model } from './model.ts';
import type { Action, CrashPoint } from './steps.ts';
import { createUnsteadyDisk, type UnsteadyDisk } from './unsteady-disk.ts';

/** A read marker, and the notifications that were there when it was set. */
export interface Mark {
  upTo: number;
  had: ReadonlySet<number>;
}

export interface World {
  model: Model;
  clock: ManualClock;
  /** The system of the process that is running. */
  system(): System;
  users: readonly number[];
  /** All tweets and comments that were ever made, oldest first. */
  tweetIds: number[];
  commentIds: number[];
  /** The read markers of each user, oldest first. */
  marks: Map<number, Mark[]>;
  /** How often each user has read the first page of their home in this process. */
  sessionsBegun(reader: number): number;
  /** Real ids for an action; undefined where there is nothing yet to act on. */
  resolve(action: Action): Resolved | undefined;
  /**
   * Does an action; resolves with what was done, and rejects as the service does. Throws AssertionError where an id is
   * earlier than one answered before by any process, or more than a second ahead of the process's time.
   */
  perform(action: Resolved): Promise<Done>;
  /** The latest millisecond of an answered id, or the time of the process where that is later. */
  newest_ms(): number;
  arm(fault: Fault): void;
  /** Whether the armed fault has struck. */
  struck(): boolean;
  /** Kills the process and starts another on the same files. */
  crash(): Promise<void>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** From the `commits`-th commit on, the process is dead or the disk is full. */
export interface Fault {
  commits: number;
  kind: CrashPoint | 'full';
}

/** An action with real ids; a post and a comment have theirs when they are done. */
export type Resolved =
  | Exclude<Done, { kind: 'post' | 'comment' }>
  | { kind: 'post'; user: number }
  | { kind: 'comment'; user: number; tweetId: number };

/** Thrown by an armed fault: the process died here. */
export class Died extends Error {}

const RESTART_MS = 50;
const START_MS = Date.UTC(2026, 5, 1);
const traceId = 'simulation';

export async function createWorld(seed: number, size: number): Promise<World> {
  const directory = mkdtempSync(join(process.env.WARBLE_SIMULATION_DIR ?? tmpdir(), 'warble-simulation-'));
  const clock = createManualClock(START_MS);
  const users = Array.from({ length: size }, (_, index) => index + 1);
  const model = createModel(users);
  const tweetIds: number[] = [];
  const commentIds: number[] = [];
  let fault: Fault | undefined;
  let struck = false;
  let answered_ms = 0;
  const begun = new Map<number, number>();
  let disk: UnsteadyDisk;
  let system = await open();
  for (const userId of users) {
    const user = { userId, handle: `p${userId}`, name: `P ${userId}`, time: clock.now() };
    await system.services.social.createUser(user);
  }

  function strike(when: CrashPoint): void {
    if (fault === undefined) return;
    if (fault.kind === 'full') {
      if (when !== 'before' || fault.commits <= 0) return;
      fault.commits--;
      struck = true;
      throw new WarbleError('storage_full', 'The disk is full.');
    }
    if (struck) throw new Died('the process is dead');
    if (when !== fault.kind) return;
    if (fault.commits-- > 0) return;
    struck = true;
    throw new Died(`${when} a commit`);
  }

  async function open(): Promise<System> {
    const random = createSeededRandom(seed);
    const faults = {
      beforeCommit: () => strike('before'),
      beforeSync: () => strike('unsynced'),
      afterCommit: () => strike('after'),
    };
    disk = createUnsteadyDisk(random);
    const file = (name: string) => join(directory, name);
    const opened = await createSystem({ file, clock, random, disk, faults });
    begun.clear();
    const { timeline } = opened.services;
    const home: typeof timeline.home = (request) => {
      if (request.position === null) begun.set(request.reader, (begun.get(request.reader) ?? 0) + 1);
      return timeline.home(request);
    };
    return { ...opened, services: { ...opened.services, timeline: { ...timeline, home } } };
  }

  return {
    model,
    clock,
    users,
    tweetIds,
    commentIds,
    marks: new Map(),
    sessionsBegun: (reader) => begun.get(reader) ?? 0,
    system: () => system,
    resolve(action) {
      const resolved = resolve({ users, tweetIds, commentIds }, action);
      if (resolved === undefined || resolved.kind === 'suspend' || resolved.kind === 'reinstate')
        return resolved;
      // The gateway refuses suspended users.
      return model.users.get(actorOf(model, resolved))!.active ? resolved : undefined;
    },
    async perform(action) {
      const earlier_ms = answered_ms;
      const done = await perform(system, model, action);
      const id = newIdOf(done);
      if (id === undefined) return done;
      const time = snowflakeTime(id);
      assert.ok(
        time >= earlier_ms,
        `${id} is ${earlier_ms - time} ms earlier than one that was answered before`,
      );
      assert.ok(time <= system.clock.now() + 1_000, `${id} is too far ahead of the time`);
      answered_ms = Math.max(answered_ms, time);
      return done;
    },
    newest_ms: () => Math.max(answered_ms, system.clock.now()),
    arm(next) {
      fault = { ...next };
      struck = false;
    },
    struck: () => struck,
    async crash() {
      const lose = fault?.kind === 'unsynced' ? disk.cutPower() : () => {};
      system.crash();
      lose();
      fault = undefined;
      struck = false;
      clock.advance(RESTART_MS);
      system = await open();
    },
    async restart() {
      await system.close();
      clock.advance(RESTART_MS);
      system = await open();
    },
    async close() {
      fault = undefined;
      system.crash();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function newIdOf(done: Done): number | undefined {
  if (done.kind === 'comment') return done.commentId;
  return done.kind === 'post' ? done.tweetId : undefined;
}

/** Numbers from 0 up are taken modulo the length; from -1 down they count from the newest. */
function nth(list: readonly number[], index: number): number | undefined {
  if (list.length === 0) return undefined;
  return index < 0 ? list[Math.max(0, list.length + index)] : list[index % list.length];
}

type Names = Pick<World, 'users' | 'tweetIds' | 'commentIds'>;

function resolve({ users, tweetIds, commentIds }: Names, action: Action): Resolved | undefined {
  if (action.kind === 'uncomment') {
    const commentId = nth(commentIds, action.comment);
    return commentId === undefined ? undefined : { kind: 'uncomment', commentId };
  }
  if ('tweet' in action) {
    const tweetId = nth(tweetIds, action.tweet);
    if (tweetId === undefined) return undefined;
    if (action.kind === 'delete') return { kind: 'delete', tweetId };
    return { kind: action.kind, user: nth(users, action.user)!, tweetId };
  }
  const user = nth(users, action.user)!;
  if (!('other' in action)) return { kind: action.kind, user };
  const other = nth(users, action.other)!;
  if (user === other) return undefined;
  return { ...action, user, other };
}

function actorOf(model: Model, action: Resolved): number {
  if (action.kind === 'delete') return model.tweets.get(action.tweetId)!.author;
  return action.kind === 'uncomment' ? model.comments.get(action.commentId)!.author : action.user;
}

async function perform(system: System, model: Model, action: Resolved): Promise<Done> {
  const { tweets, social, engagement } = system.services;
  switch (action.kind) {
    case 'post': {
      const text = { content: 'a tweet', images: [], appId: null, idempotency: null, traceId };
      const { tweetId } = await tweets.post({ author: action.user, ...text });
      return { ...action, tweetId };
    }
    case 'delete': {
      const { author } = model.tweets.get(action.tweetId)!;
      await tweets.remove({ tweetId: action.tweetId, author, by: 'author', traceId });
      return action;
    }
    case 'comment': {
      const { user: actor, tweetId } = action;
      const text = { content: 'a comment', idempotency: null, traceId };
      return { ...action, ...(await engagement.comment({ actor, tweetId, ...text })) };
    }
    case 'uncomment': {
      const { author, tweetId } = model.comments.get(action.commentId)!;
      await engagement.removeComment({ actor: author, tweetId, commentId: action.commentId, traceId });
      return action;
    }
    case 'like':
    case 'unlike':
    case 'repost':
    case 'unrepost':
      await engagement[action.kind]({ actor: action.user, tweetId: action.tweetId, traceId });
      return action;
    case 'follow': {
      const { user: follower, other: followee } = action;
      const { state } = await social.follow({ follower, followee, private: action.private, traceId });
      return { ...action, requested: state === 'requested' };
    }
    case 'unfollow':
      await social.unfollow({ follower: action.user, followee: action.other, traceId });
      return action;
    case 'block':
    case 'unblock':
    case 'mute':
    case 'unmute':
      await social[action.kind]({ userId: action.user, other: action.other, traceId });
      return action;
    case 'answer':
      await social.answerRequest({
        followee: action.user,
        follower: action.other,
        approve: action.approve,
        traceId,
      });
      return action;
    case 'protect':
    case 'open':
      await social.setProfile({
        userId: action.user,
        changes: { protected: action.kind === 'protect' },
        traceId,
      });
      return action;
    case 'suspend':
    case 'reinstate':
      await social.setAccount({
        userId: action.user,
        state: action.kind === 'suspend' ? 'suspended' : 'active',
      });
      return action;
  }
}

/** Whether an action failed because the process died or the disk was full, so that its outcome is unknown. */
export function isUncertain(error: unknown): boolean {
  return error instanceof Died || isWarbleError(error, 'storage_full') || isWarbleError(error, 'unavailable');
}
