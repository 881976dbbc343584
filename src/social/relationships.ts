/**
 * What a change of a relationship means for counts and events: pure functions that the service and every store share.
 */
import type { EventDraft, EventType } from '#domain/events.ts';
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { Counts, Relationship, RelationshipKey, User } from './social-store.ts';

/** By how much each user's counts change when a relationship changes. */
export function countChanges(
  { source, target }: RelationshipKey,
  before: Relationship,
  after: Relationship,
): Map<UserId, Partial<Counts>> {
  const weights = weigh(after, 1, weigh(before, -1, emptyWeights()));
  const ofSource: Partial<Counts> = {
    following: weights.public,
    outgoing: weights.public + weights.private + weights.request,
    blocks: weights.block,
    mutes: weights.mute,
  };
  const ofTarget: Partial<Counts> = {
    followers: weights.public,
    requesters: weights.request,
  };
  return new Map([
    [source, ofSource],
    [target, ofTarget],
  ]);
}

function emptyWeights() {
  return { public: 0, private: 0, request: 0, block: 0, mute: 0 };
}

function weigh(relationship: Relationship, sign: 1 | -1, into: ReturnType<typeof emptyWeights>) {
  if (relationship.follow !== null) into[relationship.follow.private ? 'private' : 'public'] += sign;
  if (relationship.request !== null) into.request += sign;
  if (relationship.block !== null) into.block += sign;
  if (relationship.mute !== null) into.mute += sign;
  return into;
}

interface Cause {
  time: number;
  traceId: string;
}

/**
 * The events of a changed relationship; none where nothing changed. A follow that becomes public or private has a new
 * id: `entityId` is the new one and `itemId` the one before, which a notification may carry.
 */
export function relationshipEvents(
  { source, target }: RelationshipKey,
  before: Relationship,
  after: Relationship,
  cause: Cause,
): EventDraft[] {
  const events: EventDraft[] = [];
  const follows = (type: EventType, entityId: Snowflake, itemId = 0) =>
    events.push({
      topic: 'follows',
      type,
      key: target,
      entityId,
      itemId,
      entityVersion: 1,
      actorId: source,
      ...cause,
    });
  const accounts = (type: EventType) =>
    events.push({
      topic: 'accounts',
      type,
      key: source,
      entityId: target,
      itemId: 0,
      entityVersion: 1,
      actorId: source,
      ...cause,
    });

  if (before.request !== null && after.request === null) follows('follow.withdrawn', before.request);
  const [old, now] = [before.follow, after.follow];
  if (old !== null && now === null) follows('follow.removed', old.id);
  if (old === null && now !== null) follows('follow.added', now.id);
  if (old !== null && now !== null && old.id !== now.id) follows('follow.changed', now.id, old.id);
  if (before.request === null && after.request !== null) follows('follow.requested', after.request);
  if (before.block === null && after.block !== null) accounts('block.added');
  if (before.block !== null && after.block === null) accounts('block.removed');
  if (before.mute === null && after.mute !== null) accounts('mute.added');
  if (before.mute !== null && after.mute === null) accounts('mute.removed');
  if (before.hiddenReposts === null && after.hiddenReposts !== null) accounts('reposts.hidden');
  if (before.hiddenReposts !== null && after.hiddenReposts === null) accounts('reposts.shown');
  return events;
}

/** Whether the change reaches into other users' lists: see `SocialChanges.followees`. */
export function hasTurned(before: User, after: User): boolean {
  return before.protected !== after.protected || before.state !== after.state;
}

/** The event of a changed user. */
export function userEvent(type: 'profile.changed' | 'account.changed', user: User, cause: Cause): EventDraft {
  return {
    topic: 'accounts',
    type,
    key: user.userId,
    entityId: 0,
    itemId: 0,
    entityVersion: user.version,
    actorId: user.userId,
    ...cause,
  };
}
