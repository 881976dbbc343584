/** How the service changes ties: facts in, a rule's decision, events from what differs; all as one step. */
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { Clock } from '#platform/clock.ts';
import type { Minter } from '#platform/ids/minter.ts';
import type { Between, Ties } from './follow-rules.ts';
import { tieEvents } from './relationships.ts';
import { type Decision, NO_TIE, type SocialStore, type Tie, type TieKey, type User } from './social-store.ts';

export interface SocialDeps {
  store: SocialStore;
  minter: Pick<Minter, 'mint'>;
  clock: Pick<Clock, 'now'>;
}

/** Mints ids of relationships, which belong to whose act they are: an approved follow to who approved it. */
export const mintFor =
  ({ minter }: SocialDeps, owner: UserId) =>
  (): Snowflake =>
    minter.mint({ owner, kind: 'relationship' });

interface PairRequest {
  me: UserId;
  other: UserId;
  traceId: string;
}

/** Changes the ties between two users as `rule` decides. Throws what the rule throws; nothing is kept then. */
export function changeBetween<Result>(
  { store, clock }: SocialDeps,
  { me, other, traceId }: PairRequest,
  rule: (between: Between) => Partial<Ties> & { hidden?: Decision<Result>['hidden']; result: Result },
): Promise<Result> {
  const keys: TieKey[] = [
    { from: me, to: other },
    { from: other, to: me },
  ];
  return store.change({ users: [me, other], ties: keys }, ({ users, ties }) => {
    const between: Between = {
      me: users[0] ?? null,
      other: users[1] ?? null,
      mine: ties[0] ?? NO_TIE,
      theirs: ties[1] ?? NO_TIE,
    };
    const { mine = between.mine, theirs = between.theirs, hidden = [], result } = rule(between);
    const after = [mine, theirs];
    return { ...decision({ keys, before: ties, after, time: clock.now(), traceId, result }), hidden };
  });
}

/** The decision that makes `after` of `before`: only ties that differ are written and told. */
export function decision<Result>(request: {
  keys: readonly TieKey[];
  before: readonly Tie[];
  after: readonly Tie[];
  time: number;
  traceId: string;
  result: Result;
  users?: User[];
}): Decision<Result> {
  const { keys, before, after, time, traceId, result, users = [] } = request;
  const changed: Decision<Result> = { users, ties: [], events: [], time, result };
  for (const [index, key] of keys.entries()) {
    const [was, is] = [before[index] ?? NO_TIE, after[index] ?? NO_TIE];
    const events = tieEvents(key, was, is, { time, traceId });
    if (events.length === 0) continue;
    changed.ties?.push({ ...key, tie: is });
    changed.events.push(...events);
  }
  return changed;
}
