/**
 * The steps of a simulation, as data. Users and tweets are given by number, modulo how many there are when the step
 * runs, so that any sublist of steps is a valid list too, and failures can be shrunk.
 */
import type { Random } from '#platform/random.ts';

/** An action of one user. `tweet`, `comment`: modulo all that were ever made. */
export type Action =
  | { kind: 'post'; user: number }
  | { kind: 'delete'; tweet: number }
  | { kind: 'like' | 'unlike' | 'repost' | 'unrepost' | 'comment'; user: number; tweet: number }
  | { kind: 'uncomment'; comment: number }
  | { kind: 'follow'; user: number; other: number; private: boolean }
  | { kind: 'unfollow' | 'block' | 'unblock' | 'mute' | 'unmute'; user: number; other: number }
  | { kind: 'answer'; user: number; other: number; approve: boolean }
  | { kind: 'protect' | 'open'; user: number }
  | { kind: 'suspend' | 'reinstate'; user: number };

export type CrashPoint = 'before' | 'unsynced' | 'after';
const CRASH_POINTS: readonly CrashPoint[] = ['before', 'unsynced', 'after'];

export type Step =
  | { kind: 'action'; action: Action }
  /** Several concurrent actions, with workers running in between. */
  | { kind: 'together'; actions: Action[]; workers: number[] }
  /** One step of one worker. */
  | { kind: 'work'; worker: number }
  /** A worker is slow: it gets no step until the next `settle`. */
  | { kind: 'stall'; worker: number }
  | { kind: 'sleep'; duration_ms: number }
  /** The machine's clock jumps by this. */
  | { kind: 'setClock'; by_ms: number }
  /** The machine's clock is wrong by this for two seconds, in which these actions are done one after the other. */
  | { kind: 'glitch'; by_ms: number; actions: Action[] }
  /** A user reads the first page of their home, which is cached from then on. */
  | { kind: 'read'; user: number }
  /** A user reads all their notifications. */
  | { kind: 'markRead'; user: number }
  /** A user opens their home, or reads its next page. */
  | { kind: 'page'; user: number; limit: number }
  /**
   * The process dies at the nth commit from now, during these actions: before the commit, after it but before its sync
   * (the power fails, and unsynced data is lost), or after both.
   */
  | { kind: 'crash'; commits: number; at: CrashPoint; actions: Action[] }
  /** The process is stopped in an orderly way and started again. */
  | { kind: 'restart' }
  /** The disk is full for the next n commits. */
  | { kind: 'full'; commits: number; actions: Action[] }
  /** A view is dropped and rebuilt while the system serves. */
  | { kind: 'rebuild'; view: number }
  /** All workers finish, and everything is compared with the model. */
  | { kind: 'settle' };

const WEIGHTS: [number, (random: Random) => Action][] = [
  [30, (random) => ({ kind: 'post', user: any(random) })],
  [5, (random) => ({ kind: 'delete', tweet: any(random) })],
  [25, (random) => ({ kind: 'like', user: any(random), tweet: recent(random) })],
  [8, (random) => ({ kind: 'unlike', user: any(random), tweet: recent(random) })],
  [14, (random) => ({ kind: 'repost', user: any(random), tweet: recent(random) })],
  [6, (random) => ({ kind: 'unrepost', user: any(random), tweet: recent(random) })],
  [10, (random) => ({ kind: 'comment', user: any(random), tweet: recent(random) })],
  [4, (random) => ({ kind: 'uncomment', comment: any(random) })],
  [
    30,
    (random) => ({
      kind: 'follow',
      user: any(random),
      other: any(random),
      private: random.integer(4) === 0,
    }),
  ],
  [8, (random) => ({ kind: 'unfollow', user: any(random), other: any(random) })],
  [3, (random) => ({ kind: 'block', user: any(random), other: any(random) })],
  [4, (random) => ({ kind: 'unblock', user: any(random), other: any(random) })],
  [3, (random) => ({ kind: 'mute', user: any(random), other: any(random) })],
  [3, (random) => ({ kind: 'unmute', user: any(random), other: any(random) })],
  [
    6,
    (random) => ({ kind: 'answer', user: any(random), other: any(random), approve: random.integer(3) > 0 }),
  ],
  [3, (random) => ({ kind: 'protect', user: any(random) })],
  [3, (random) => ({ kind: 'open', user: any(random) })],
  [1, (random) => ({ kind: 'suspend', user: any(random) })],
  [2, (random) => ({ kind: 'reinstate', user: any(random) })],
];
const TOTAL = WEIGHTS.reduce((sum, [weight]) => sum + weight, 0);
const LARGE = 1_000_000;

const any = (random: Random): number => random.integer(LARGE);
/** Counted from the newest: users act on what is new. See `nth` in world.ts. */
const recent = (random: Random): number => -1 - Math.floor(random.next() ** 2 * 30);

function action(random: Random): Action {
  let at = random.integer(TOTAL);
  for (const [weight, make] of WEIGHTS) {
    if (at < weight) return make(random);
    at -= weight;
  }
  throw new Error('unreachable');
}

const actions = (random: Random, most: number): Action[] =>
  Array.from({ length: 1 + random.integer(most) }, () => action(random));

/** The list of steps of a seed, which ends with `settle`. */
export function makeSteps(random: Random, length: number): Step[] {
  const steps = Array.from({ length }, () => step(random));
  return [...steps, { kind: 'settle' }];
}

function step(random: Random): Step {
  const dice = random.integer(103);
  if (dice < 45) return { kind: 'action', action: action(random) };
  if (dice < 60) {
    const workers = Array.from({ length: random.integer(4) }, () => any(random));
    return { kind: 'together', actions: actions(random, 5), workers };
  }
  if (dice < 74) return { kind: 'work', worker: any(random) };
  if (dice < 76) return { kind: 'stall', worker: any(random) };
  if (dice < 80) return { kind: 'sleep', duration_ms: SLEEPS[random.integer(SLEEPS.length)]! };
  if (dice < 83) return { kind: 'read', user: any(random) };
  if (dice < 85) return { kind: 'markRead', user: any(random) };
  if (dice < 91) return { kind: 'page', user: any(random), limit: 1 + random.integer(6) };
  if (dice < 94) {
    return {
      kind: 'crash',
      commits: random.integer(6),
      at: CRASH_POINTS[random.integer(CRASH_POINTS.length)]!,
      actions: actions(random, 4),
    };
  }
  if (dice < 95) return { kind: 'restart' };
  if (dice < 96) return { kind: 'full', commits: 1 + random.integer(3), actions: actions(random, 3) };
  if (dice < 97) return { kind: 'rebuild', view: any(random) };
  if (dice < 98) return { kind: 'setClock', by_ms: JUMPS[random.integer(JUMPS.length)]! };
  if (dice < 100)
    return { kind: 'glitch', by_ms: JUMPS[random.integer(JUMPS.length)]!, actions: actions(random, 4) };
  return { kind: 'settle' };
}

/** A step back as after a restart, a laptop that wakes up, and clocks that are hours off. */
const JUMPS = [-36_000, 15_000, 3_600_000, -3_600_000];
const SLEEPS = [10, 1_000, 30_000, 11 * 60_000, 5 * 3_600_000];
