/**
 * The rules of the social service again, as simply as possible: a table of users, a table of relationships, and every
 * answer found by scanning all of it. It knows nothing of stores, ids, caches or pages; time is a counter.
 */
import type { ErrorCode } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import type { AccountState } from '#domain/names.ts';

export type Action =
  | { kind: 'follow'; by: UserId; target: UserId; private: boolean }
  | {
      kind: 'unfollow' | 'removeFollower' | 'block' | 'unblock' | 'mute' | 'unmute';
      by: UserId;
      target: UserId;
    }
  | { kind: 'reposts'; by: UserId; target: UserId; shown: boolean }
  | { kind: 'answer'; by: UserId; target: UserId; approve: boolean }
  | { kind: 'protect'; by: UserId; protected: boolean }
  | { kind: 'state'; by: UserId; state: AccountState }
  | { kind: 'erase'; by: UserId };

export type Outcome = { done: string } | { error: ErrorCode };

interface ModelRelationship {
  source: UserId;
  target: UserId;
  kind: 'public' | 'private' | 'request' | 'block' | 'mute' | 'hidden';
  at: number;
}
interface ModelUser {
  protected: boolean;
  state: AccountState;
}

/** What events call each kind of relationship. */
const EVENT = {
  public: 'follow',
  private: 'follow',
  request: 'request',
  block: 'block',
  mute: 'mute',
  hidden: 'hidden',
} as const;
const BEGAN = {
  follow: 'follow.added',
  request: 'follow.requested',
  block: 'block.added',
  mute: 'mute.added',
  hidden: 'reposts.hidden',
};
const ENDED = {
  follow: 'follow.removed',
  request: 'follow.withdrawn',
  block: 'block.removed',
  mute: 'mute.removed',
  hidden: 'reposts.shown',
};

export function createSocialModel(userIds: readonly UserId[]) {
  const users = new Map<UserId, ModelUser>(userIds.map((id) => [id, { protected: false, state: 'active' }]));
  let relationships: ModelRelationship[] = [];
  const newEvents: string[] = [];
  let now = 0;

  const user = (id: UserId): ModelUser => users.get(id)!;
  const find = (source: UserId, target: UserId, ...kinds: ModelRelationship['kind'][]) =>
    relationships.find(
      (relationship) =>
        relationship.source === source && relationship.target === target && kinds.includes(relationship.kind),
    );
  const follows = (source: UserId, target: UserId) => find(source, target, 'public', 'private') !== undefined;
  const sees = (viewer: UserId | null, id: UserId) =>
    user(id).state === 'active' &&
    (viewer === null || (!find(viewer, id, 'block') && !find(id, viewer, 'block')));

  function begin(source: UserId, target: UserId, kind: ModelRelationship['kind']): void {
    now += 1;
    relationships.push({ source, target, kind, at: now });
    newEvents.push(`${BEGAN[EVENT[kind]]} ${source}>${target}`);
  }
  function end(relationship: ModelRelationship | undefined): void {
    if (relationship === undefined || !relationships.includes(relationship)) return;
    relationships = relationships.filter((other) => other !== relationship);
    newEvents.push(`${ENDED[EVENT[relationship.kind]]} ${relationship.source}>${relationship.target}`);
    if (EVENT[relationship.kind] === 'follow') end(find(relationship.source, relationship.target, 'hidden'));
  }
  function turn(relationship: ModelRelationship): void {
    now += 1;
    relationship.kind = relationship.kind === 'public' ? 'private' : 'public';
    relationship.at = now;
    newEvents.push(`follow.changed ${relationship.source}>${relationship.target}`);
  }

  function follow(by: UserId, target: UserId, wished: boolean): Outcome {
    if (by === target) return { error: 'cannot_follow_self' };
    if (user(by).state !== 'active') return { error: 'forbidden' };
    if (!sees(by, target)) return { error: 'not_found' };
    if (wished && user(target).protected) return { error: 'protected_account' };
    const active = find(by, target, 'public', 'private');
    if (active) {
      if ((active.kind === 'private') !== wished) turn(active);
      return { done: 'following' };
    }
    if (user(target).protected) {
      if (!find(by, target, 'request')) begin(by, target, 'request');
      return { done: 'requested' };
    }
    begin(by, target, wished ? 'private' : 'public');
    return { done: 'following' };
  }

  function answer(by: UserId, target: UserId, approve: boolean): Outcome {
    if (user(by).state !== 'active') return { error: 'forbidden' };
    if (!sees(by, target)) return { error: 'not_found' };
    const request = find(target, by, 'request');
    if (!request) return approve && find(target, by, 'public') ? { done: '' } : { error: 'not_found' };
    end(request);
    if (approve) begin(target, by, 'public');
    return { done: '' };
  }

  function refuse(by: UserId, other: UserId): Outcome {
    if (by === other) return { error: 'invalid_request' };
    if (user(by).state !== 'active') return { error: 'forbidden' };
    if (user(other).state !== 'active' || find(other, by, 'block')) return { error: 'not_found' };
    if (find(by, other, 'block')) return { done: '' };
    for (const [source, target] of [
      [by, other],
      [other, by],
    ] as const) {
      end(find(source, target, 'public', 'private'));
      end(find(source, target, 'request'));
    }
    begin(by, other, 'block');
    return { done: '' };
  }

  function mute(by: UserId, target: UserId): Outcome {
    if (by === target) return { error: 'invalid_request' };
    if (user(by).state !== 'active') return { error: 'forbidden' };
    if (!sees(by, target)) return { error: 'not_found' };
    if (find(by, target, 'mute')) return { done: '' };
    begin(by, target, 'mute');
    return { done: '' };
  }

  function reposts(by: UserId, target: UserId, shown: boolean): Outcome {
    if (by === target) return { error: 'invalid_request' };
    if (user(by).state !== 'active') return { error: 'forbidden' };
    if (!sees(by, target) || !follows(by, target)) return { error: 'not_found' };
    const hidden = find(by, target, 'hidden');
    if (shown) end(hidden);
    else if (hidden === undefined) begin(by, target, 'hidden');
    return { done: '' };
  }

  function protect(by: UserId, locked: boolean): Outcome {
    const mine = user(by);
    if (mine.state === 'erasing' || mine.state === 'erased') return { error: 'not_found' };
    if (mine.protected === locked) return { done: '' };
    mine.protected = locked;
    newEvents.push(`profile.changed ${by}>0`);
    const waiting = relationships.filter(
      (relationship) => relationship.target === by && relationship.kind === (locked ? 'private' : 'request'),
    );
    for (const relationship of waiting) {
      end(relationship);
      if (!locked) begin(relationship.source, by, 'public');
    }
    return { done: '' };
  }

  function setState(by: UserId, state: AccountState): Outcome {
    if (user(by).state !== 'erased' && user(by).state !== state) {
      user(by).state = state;
      newEvents.push(`account.changed ${by}>0`);
    }
    return { done: '' };
  }

  function erase(by: UserId): Outcome {
    setState(by, 'erasing');
    for (const relationship of relationships.filter(({ source, target }) => source === by || target === by))
      end(relationship);
    return setState(by, 'erased');
  }

  function apply(action: Action): Outcome {
    switch (action.kind) {
      case 'follow':
        return follow(action.by, action.target, action.private);
      case 'unfollow':
        end(find(action.by, action.target, 'public', 'private', 'request'));
        return { done: '' };
      case 'removeFollower':
        if (action.by !== action.target) end(find(action.target, action.by, 'public'));
        return { done: '' };
      case 'reposts':
        return reposts(action.by, action.target, action.shown);
      case 'answer':
        return answer(action.by, action.target, action.approve);
      case 'block':
        return refuse(action.by, action.target);
      case 'mute':
        return mute(action.by, action.target);
      case 'unblock':
      case 'unmute':
        end(find(action.by, action.target, action.kind === 'unblock' ? 'block' : 'mute'));
        return { done: '' };
      case 'protect':
        return protect(action.by, action.protected);
      case 'state':
        return setState(action.by, action.state);
      case 'erase':
        return erase(action.by);
    }
  }

  /** The other ends of these relationships, newest first. */
  const newest = (chosen: ModelRelationship[], end: 'source' | 'target') =>
    chosen.toSorted((a, b) => b.at - a.at).map((relationship) => relationship[end]);
  const source = (id: UserId, ...kinds: ModelRelationship['kind'][]) =>
    relationships.filter((relationship) => relationship.source === id && kinds.includes(relationship.kind));
  const target = (id: UserId, ...kinds: ModelRelationship['kind'][]) =>
    relationships.filter((relationship) => relationship.target === id && kinds.includes(relationship.kind));

  function suggestions(viewer: UserId) {
    const known = newest(source(viewer, 'public', 'private'), 'target').filter((id) => sees(null, id));
    const fit = userIds.filter(
      (id) =>
        id !== viewer &&
        sees(viewer, id) &&
        source(viewer, 'public', 'private', 'request', 'mute').every(
          (relationship) => relationship.target !== id,
        ),
    );
    return fit
      .map((userId) => {
        const via = target(userId, 'public').filter((relationship) => known.includes(relationship.source));
        const ordered = newest(via, 'source');
        return {
          userId,
          mutualCount: via.length,
          via: ordered.slice(0, 3),
          at: Math.max(0, ...via.map((t) => t.at)),
        };
      })
      .filter(({ mutualCount }) => mutualCount > 0)
      .sort((a, b) => b.mutualCount - a.mutualCount || b.at - a.at)
      .map(({ at: _, ...suggestion }) => suggestion);
  }

  /** Whether a viewer may see a user's followers and followees. */
  const reads = (viewer: UserId | null, id: UserId) =>
    !user(id).protected || viewer === id || (viewer !== null && follows(viewer, id));

  return {
    apply,
    /** Headlines since this was last asked, sorted. */
    newEvents: () => newEvents.splice(0).sort(),
    sees,
    hidesReposts: (viewer: UserId, id: UserId) => find(viewer, id, 'hidden') !== undefined,
    view: (viewer: UserId | null, id: UserId) => ({
      userId: id,
      state: user(id).state,
      protected: user(id).protected,
      following: viewer !== null && follows(viewer, id),
      followingPrivately: viewer !== null && find(viewer, id, 'private') !== undefined,
      requested: viewer !== null && find(viewer, id, 'request') !== undefined,
      followedBy: viewer !== null && find(id, viewer, 'public') !== undefined,
      blocking: viewer !== null && find(viewer, id, 'block') !== undefined,
      blockedBy: viewer !== null && find(id, viewer, 'block') !== undefined,
      muting: viewer !== null && find(viewer, id, 'mute') !== undefined,
    }),
    counts: (id: UserId) => ({
      followers: target(id, 'public').length,
      following: source(id, 'public').length,
    }),
    followers: (viewer: UserId | null, id: UserId) =>
      newest(target(id, 'public'), 'source').filter((other) => reads(viewer, id) && sees(viewer, other)),
    following: (viewer: UserId | null, id: UserId) =>
      newest(viewer === id ? source(id, 'public', 'private') : source(id, 'public'), 'target').filter(
        (other) => reads(viewer, id) && sees(viewer, other),
      ),
    mutuals: (viewer: UserId, id: UserId) =>
      newest(source(viewer, 'public'), 'target').filter(
        (other) => reads(viewer, id) && sees(viewer, other) && find(id, other, 'public'),
      ),
    followersYouKnow: (viewer: UserId, id: UserId) =>
      newest(source(viewer, 'public', 'private'), 'target').filter(
        (other) => reads(viewer, id) && sees(viewer, other) && find(other, id, 'public'),
      ),
    suggestions,
    requests: (id: UserId) => newest(target(id, 'request'), 'source').filter((other) => sees(id, other)),
    blocks: (id: UserId) =>
      newest(source(id, 'block'), 'target').filter(
        (other) => user(other).state === 'active' && find(other, id, 'block') === undefined,
      ),
    mutes: (id: UserId) => newest(source(id, 'mute'), 'target').filter((other) => sees(id, other)),
    allFollowers: (id: UserId) => newest(target(id, 'public', 'private'), 'source').toSorted((a, b) => a - b),
    allFollowees: (id: UserId) =>
      newest(source(id, 'public', 'private'), 'target').filter((other) => user(other).state === 'active'),
  };
}
