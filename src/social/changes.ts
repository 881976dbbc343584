/**
 * How the service changes relationships: it reads facts, lets a rule decide, and derives events from the difference,
 * all in one atomic step.
 */
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { Clock } from '#platform/clock.ts';
import type { Minter } from '#platform/ids/minter.ts';
import type { RelationshipPair, Relationships } from './follow-rules.ts';
import { relationshipEvents } from './relationships.ts';
import {
  type Decision,
  NO_RELATIONSHIP,
  type Relationship,
  type RelationshipKey,
  type SocialStore,
  type User,
} from './social-store.ts';

export interface SocialDeps {
  store: SocialStore;
  minter: Pick<Minter, 'mint'>;
  clock: Pick<Clock, 'now'>;
}

/** Mints ids of relationships. An id belongs to the user who acts: that of an approved follow to the followee. */
export const mintFor =
  ({ minter }: SocialDeps, owner: UserId) =>
  (): Snowflake =>
    minter.mint({ owner, kind: 'relationship' });

interface PairRequest {
  actor: UserId;
  other: UserId;
  traceId: string;
}

/**
 * Changes the relationships between two users as `rule` decides. Throws what the rule throws, and then changes
 * nothing.
 */
export function changeRelationshipPair<Result>(
  { store, clock }: SocialDeps,
  { actor, other, traceId }: PairRequest,
  rule: (
    pair: RelationshipPair,
  ) => Partial<Relationships> & { hidden?: Decision<Result>['hidden']; result: Result },
): Promise<Result> {
  const keys: RelationshipKey[] = [
    { source: actor, target: other },
    { source: other, target: actor },
  ];
  return store.change({ users: [actor, other], relationships: keys }, ({ users, relationships }) => {
    const pair: RelationshipPair = {
      actor: users[0] ?? null,
      other: users[1] ?? null,
      outgoing: relationships[0] ?? NO_RELATIONSHIP,
      incoming: relationships[1] ?? NO_RELATIONSHIP,
    };
    const { outgoing = pair.outgoing, incoming = pair.incoming, hidden = [], result } = rule(pair);
    const after = [outgoing, incoming];
    return {
      ...decision({ keys, before: relationships, after, time: clock.now(), traceId, result }),
      hidden,
    };
  });
}

/** The decision that turns `before` into `after`: only relationships that differ are written and announced. */
export function decision<Result>(request: {
  keys: readonly RelationshipKey[];
  before: readonly Relationship[];
  after: readonly Relationship[];
  time: number;
  traceId: string;
  result: Result;
  users?: User[];
}): Decision<Result> {
  const { keys, before, after, time, traceId, result, users = [] } = request;
  const changed: Decision<Result> = { users, relationships: [], events: [], time, result };
  for (const [index, key] of keys.entries()) {
    const [was, is] = [before[index] ?? NO_RELATIONSHIP, after[index] ?? NO_RELATIONSHIP];
    const events = relationshipEvents(key, was, is, { time, traceId });
    if (events.length === 0) continue;
    changed.relationships?.push({ ...key, relationship: is });
    changed.events.push(...events);
  }
  return changed;
}
