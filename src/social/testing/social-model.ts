/**
 * The rules of the social service once more, as plainly as they can be said: a table of users, a table of ties, and
 * every answer by looking through all of it. Knows nothing of stores, ids, caches or pages. Times are a running number.
 */

import type { ErrorCode } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import type { AccountState } from '#domain/names.ts';

export type Action =
  | { kind: 'follow'; by: UserId; to: UserId; private: boolean }
  | {
      kind: 'unfollow' | 'removeFollower' | 'block' | 'unblock' | 'mute' | 'unmute';
      by: UserId;
      to: UserId;
    }
  | { kind: 'reposts'; by: UserId; to: UserId; shown: boolean }
  | { kind: 'answer'; by: UserId; to: UserId; approve: boolean }
  | { kind: 'protect'; by: UserId; protected: boolean }
  | { kind: 'state'; by: UserId; state: AccountState }
  | { kind: 'erase'; by: UserId };

export type Outcome = { done: string } | { error: ErrorCode };

interface ModelTie {
  from: UserId;
  to: UserId;
  kind: 'public' | 'private' | 'request' | 'block' | 'mute' | 'hidden';
  at: number;
}
interface ModelUser {
  protected: boolean;
  state: AccountState;
}

export function createSocialModel(userIds: readonly UserId[]) {
  const users = new Map<UserId, ModelUser>(userIds.map((id) => [id, { protected: false, state: 'active' }]));
  let ties: ModelTie[] = [];
  const news: string[] = [];
  let now = 0;

  const user = (id: UserId): ModelUser => users.get(id)!;
  const find = (from: UserId, to: UserId, ...kinds: ModelTie['kind'][]) =>
    ties.find((tie) => tie.from === from && tie.to === to && kinds.includes(tie.kind));
  const follows = (from: UserId, to: UserId) => find(from, to, 'public', 'private') !== undefined;
  const sees = (viewer: UserId | null, id: UserId) =>
    user(id).state === 'active' &&
    (viewer === null || (!find(viewer, id, 'block') && !find(id, viewer, 'block')));

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
  function begin(from: UserId, to: UserId, kind: ModelTie['kind']): void {
    now += 1;
    ties.push({ from, to, kind, at: now });
    news.push(`${BEGAN[EVENT[kind]]} ${from}>${to}`);
  }
  function end(tie: ModelTie | undefined): void {
    if (tie === undefined || !ties.includes(tie)) return;
    ties = ties.filter((other) => other !== tie);
    news.push(`${ENDED[EVENT[tie.kind]]} ${tie.from}>${tie.to}`);
    if (EVENT[tie.kind] === 'follow') end(find(tie.from, tie.to, 'hidden'));
  }
  function turn(tie: ModelTie): void {
    now += 1;
    tie.kind = tie.kind === 'public' ? 'private' : 'public';
    tie.at = now;
    news.push(`follow.changed ${tie.from}>${tie.to}`);
  }

  function follow(by: UserId, to: UserId, wished: boolean): Outcome {
    if (by === to) return { error: 'cannot_follow_self' };
    if (user(by).state !== 'active') return { error: 'forbidden' };
    if (!sees(by, to)) return { error: 'not_found' };
    if (wished && user(to).protected) return { error: 'protected_account' };
    const standing = find(by, to, 'public', 'private');
    if (standing) {
      if ((standing.kind === 'private') !== wished) turn(standing);
      return { done: 'following' };
    }
    if (user(to).protected) {
      if (!find(by, to, 'request')) begin(by, to, 'request');
      return { done: 'requested' };
    }
    begin(by, to, wished ? 'private' : 'public');
    return { done: 'following' };
  }

  function answer(by: UserId, to: UserId, approve: boolean): Outcome {
    if (user(by).state !== 'active') return { error: 'forbidden' };
    if (!sees(by, to)) return { error: 'not_found' };
    const request = find(to, by, 'request');
    if (!request) return approve && find(to, by, 'public') ? { done: '' } : { error: 'not_found' };
    end(request);
    if (approve) begin(to, by, 'public');
    return { done: '' };
  }

  function refuse(by: UserId, to: UserId): Outcome {
    if (by === to) return { error: 'invalid_request' };
    if (user(by).state !== 'active') return { error: 'forbidden' };
    if (user(to).state !== 'active' || find(to, by, 'block')) return { error: 'not_found' };
    if (find(by, to, 'block')) return { done: '' };
    for (const [from, target] of [
      [by, to],
      [to, by],
    ] as const) {
      end(find(from, target, 'public', 'private'));
      end(find(from, target, 'request'));
    }
    begin(by, to, 'block');
    return { done: '' };
  }

  function mute(by: UserId, to: UserId): Outcome {
    if (by === to) return { error: 'invalid_request' };
    if (user(by).state !== 'active') return { error: 'forbidden' };
    if (!sees(by, to)) return { error: 'not_found' };
    if (find(by, to, 'mute')) return { done: '' };
    begin(by, to, 'mute');
    return { done: '' };
  }

  function reposts(by: UserId, to: UserId, shown: boolean): Outcome {
    if (by === to) return { error: 'invalid_request' };
    if (user(by).state !== 'active') return { error: 'forbidden' };
    if (!sees(by, to) || !follows(by, to)) return { error: 'not_found' };
    const hidden = find(by, to, 'hidden');
    if (shown) end(hidden);
    else if (hidden === undefined) begin(by, to, 'hidden');
    return { done: '' };
  }

  function protect(by: UserId, locked: boolean): Outcome {
    const mine = user(by);
    if (mine.state === 'erasing' || mine.state === 'erased') return { error: 'not_found' };
    if (mine.protected === locked) return { done: '' };
    mine.protected = locked;
    news.push(`profile.changed ${by}>0`);
    const waiting = ties.filter((tie) => tie.to === by && tie.kind === (locked ? 'private' : 'request'));
    for (const tie of waiting) {
      end(tie);
      if (!locked) begin(tie.from, by, 'public');
    }
    return { done: '' };
  }

  function setState(by: UserId, state: AccountState): Outcome {
    if (user(by).state !== 'erased' && user(by).state !== state) {
      user(by).state = state;
      news.push(`account.changed ${by}>0`);
    }
    return { done: '' };
  }

  function erase(by: UserId): Outcome {
    setState(by, 'erasing');
    for (const tie of ties.filter(({ from, to }) => from === by || to === by)) end(tie);
    return setState(by, 'erased');
  }

  function apply(action: Action): Outcome {
    switch (action.kind) {
      case 'follow':
        return follow(action.by, action.to, action.private);
      case 'unfollow':
        end(find(action.by, action.to, 'public', 'private', 'request'));
        return { done: '' };
      case 'removeFollower':
        if (action.by !== action.to) end(find(action.to, action.by, 'public'));
        return { done: '' };
      case 'reposts':
        return reposts(action.by, action.to, action.shown);
      case 'answer':
        return answer(action.by, action.to, action.approve);
      case 'block':
        return refuse(action.by, action.to);
      case 'mute':
        return mute(action.by, action.to);
      case 'unblock':
      case 'unmute':
        end(find(action.by, action.to, action.kind === 'unblock' ? 'block' : 'mute'));
        return { done: '' };
      case 'protect':
        return protect(action.by, action.protected);
      case 'state':
        return setState(action.by, action.state);
      case 'erase':
        return erase(action.by);
    }
  }

  /** The other ends of these ties, newest first. */
  const newest = (chosen: ModelTie[], end: 'from' | 'to') =>
    chosen.toSorted((a, b) => b.at - a.at).map((tie) => tie[end]);
  const from = (id: UserId, ...kinds: ModelTie['kind'][]) =>
    ties.filter((tie) => tie.from === id && kinds.includes(tie.kind));
  const to = (id: UserId, ...kinds: ModelTie['kind'][]) =>
    ties.filter((tie) => tie.to === id && kinds.includes(tie.kind));

  function suggestions(viewer: UserId) {
    const known = newest(from(viewer, 'public', 'private'), 'to').filter((id) => sees(null, id));
    const fit = userIds.filter(
      (id) =>
        id !== viewer &&
        sees(viewer, id) &&
        from(viewer, 'public', 'private', 'request', 'mute').every((tie) => tie.to !== id),
    );
    return fit
      .map((userId) => {
        const via = to(userId, 'public').filter((tie) => known.includes(tie.from));
        const ordered = newest(via, 'from');
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

  /** Whether a viewer is shown whom somebody follows, and who follows them. */
  const reads = (viewer: UserId | null, id: UserId) =>
    !user(id).protected || viewer === id || (viewer !== null && follows(viewer, id));

  return {
    apply,
    /** Headlines since this was last asked, sorted. */
    news: () => news.splice(0).sort(),
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
    counts: (id: UserId) => ({ followers: to(id, 'public').length, following: from(id, 'public').length }),
    followers: (viewer: UserId | null, id: UserId) =>
      newest(to(id, 'public'), 'from').filter((other) => reads(viewer, id) && sees(viewer, other)),
    following: (viewer: UserId | null, id: UserId) =>
      newest(viewer === id ? from(id, 'public', 'private') : from(id, 'public'), 'to').filter(
        (other) => reads(viewer, id) && sees(viewer, other),
      ),
    mutuals: (viewer: UserId, id: UserId) =>
      newest(from(viewer, 'public'), 'to').filter(
        (other) => reads(viewer, id) && sees(viewer, other) && find(id, other, 'public'),
      ),
    followersYouKnow: (viewer: UserId, id: UserId) =>
      newest(from(viewer, 'public', 'private'), 'to').filter(
        (other) => reads(viewer, id) && sees(viewer, other) && find(other, id, 'public'),
      ),
    suggestions,
    requests: (id: UserId) => newest(to(id, 'request'), 'from').filter((other) => sees(id, other)),
    blocks: (id: UserId) =>
      newest(from(id, 'block'), 'to').filter(
        (other) => user(other).state === 'active' && find(other, id, 'block') === undefined,
      ),
    mutes: (id: UserId) => newest(from(id, 'mute'), 'to').filter((other) => sees(id, other)),
    allFollowers: (id: UserId) => newest(to(id, 'public', 'private'), 'from').toSorted((a, b) => a - b),
    allFollowees: (id: UserId) =>
      newest(from(id, 'public', 'private'), 'to').filter((other) => user(other).state === 'active'),
  };
}
