/** All rules of Warble on plain sets and maps: small enough to be checked by reading. */

export interface ModelUser {
  protected: boolean;
  active: boolean;
}
export interface ModelText {
  author: number;
  alive: boolean;
}
export interface ModelComment extends ModelText {
  tweetId: number;
}

/** `pair(a, b)`: a to b. */
export const pair = (a: number, b: number): string => `${a} ${b}`;

export interface Model {
  users: Map<number, ModelUser>;
  tweets: Map<number, ModelText>;
  comments: Map<number, ModelComment>;
  /** pair(follower, followee) -> private. */
  follows: Map<string, boolean>;
  requests: Set<string>;
  blocks: Set<string>;
  mutes: Set<string>;
  /** pair(tweetId, user). */
  likes: Set<string>;
  reposts: Set<string>;
}

export function createModel(users: readonly number[]): Model {
  return {
    users: new Map(users.map((id) => [id, { protected: false, active: true }])),
    tweets: new Map(),
    comments: new Map(),
    follows: new Map(),
    requests: new Set(),
    blocks: new Set(),
    mutes: new Set(),
    likes: new Set(),
    reposts: new Set(),
  };
}

/** May `viewer` (0: a stranger) know of the user? */
export function maySee(model: Model, viewer: number, user: number): boolean {
  return (
    model.users.get(user)!.active &&
    !model.blocks.has(pair(viewer, user)) &&
    !model.blocks.has(pair(user, viewer))
  );
}

export function mayRead(model: Model, viewer: number, author: number): boolean {
  return (
    maySee(model, viewer, author) &&
    (!model.users.get(author)!.protected || viewer === author || model.follows.has(pair(viewer, author)))
  );
}

export function mayReadTweet(model: Model, viewer: number, tweetId: number): boolean {
  const tweet = model.tweets.get(tweetId);
  return tweet?.alive === true && mayRead(model, viewer, tweet.author);
}

/** An action with real ids, as it was done. */
export type Done =
  | { kind: 'post'; user: number; tweetId: number }
  | { kind: 'delete'; tweetId: number }
  | { kind: 'like' | 'unlike' | 'repost' | 'unrepost'; user: number; tweetId: number }
  | { kind: 'comment'; user: number; tweetId: number; commentId: number }
  | { kind: 'uncomment'; commentId: number }
  | {
      kind: 'follow';
      user: number;
      other: number;
      private: boolean;
      /** As it was answered; concurrent actions may be answered in another order than they were done in. */
      requested?: boolean;
    }
  | { kind: 'unfollow' | 'block' | 'unblock' | 'mute' | 'unmute'; user: number; other: number }
  | { kind: 'answer'; user: number; other: number; approve: boolean }
  | { kind: 'protect' | 'open' | 'suspend' | 'reinstate'; user: number };

/** The error code with which the rules refuse an action on this model; undefined where they allow it. */
export function refusal(model: Model, action: Done): string | undefined {
  switch (action.kind) {
    case 'like':
      return mayReadTweet(model, action.user, action.tweetId) ? undefined : 'not_found';
    case 'comment':
      return mayReadTweet(model, action.user, action.tweetId) ? undefined : 'not_found';
    case 'repost':
      if (!mayReadTweet(model, action.user, action.tweetId)) return 'not_found';
      return model.users.get(model.tweets.get(action.tweetId)!.author)!.protected ? 'forbidden' : undefined;
    case 'uncomment': {
      const comment = model.comments.get(action.commentId);
      if (comment === undefined) return 'not_found';
      return undefined;
    }
    case 'follow':
      if (action.user === action.other) return 'cannot_follow_self';
      if (!maySee(model, action.user, action.other)) return 'not_found';
      return action.private && model.users.get(action.other)!.protected ? 'protected_account' : undefined;
    case 'answer':
      if (!maySee(model, action.user, action.other)) return 'not_found';
      if (model.requests.has(pair(action.other, action.user))) return undefined;
      return action.approve && model.follows.get(pair(action.other, action.user)) === false
        ? undefined
        : 'not_found';
    case 'block': {
      const hidden =
        !model.users.get(action.other)!.active || model.blocks.has(pair(action.other, action.user));
      return hidden ? 'not_found' : undefined;
    }
    case 'mute':
      return maySee(model, action.user, action.other) ? undefined : 'not_found';
    default:
      return undefined;
  }
}

/** Applies an action that succeeded. */
export function apply(model: Model, action: Done): void {
  switch (action.kind) {
    case 'post':
      model.tweets.set(action.tweetId, { author: action.user, alive: true });
      break;
    case 'delete':
      model.tweets.get(action.tweetId)!.alive = false;
      break;
    case 'like':
      model.likes.add(pair(action.tweetId, action.user));
      break;
    case 'unlike':
      model.likes.delete(pair(action.tweetId, action.user));
      break;
    case 'repost':
      model.reposts.add(pair(action.tweetId, action.user));
      break;
    case 'unrepost':
      model.reposts.delete(pair(action.tweetId, action.user));
      break;
    case 'comment':
      model.comments.set(action.commentId, { author: action.user, tweetId: action.tweetId, alive: true });
      break;
    case 'uncomment': {
      const comment = model.comments.get(action.commentId);
      if (comment !== undefined) comment.alive = false;
      break;
    }
    default:
      applySocial(model, action);
  }
}

type Social = Exclude<Done, { tweetId: number } | { commentId: number }>;

function applySocial(model: Model, action: Social): void {
  const { users, follows, requests, blocks, mutes } = model;
  switch (action.kind) {
    case 'follow':
      follow(model, action);
      break;
    case 'unfollow':
      follows.delete(pair(action.user, action.other));
      requests.delete(pair(action.user, action.other));
      break;
    case 'block':
      blocks.add(pair(action.user, action.other));
      for (const key of [pair(action.user, action.other), pair(action.other, action.user)]) {
        follows.delete(key);
        requests.delete(key);
      }
      break;
    case 'unblock':
      blocks.delete(pair(action.user, action.other));
      break;
    case 'mute':
      mutes.add(pair(action.user, action.other));
      break;
    case 'unmute':
      mutes.delete(pair(action.user, action.other));
      break;
    case 'answer':
      if (requests.delete(pair(action.other, action.user)) && action.approve)
        follows.set(pair(action.other, action.user), false);
      break;
    case 'protect':
      users.get(action.user)!.protected = true;
      for (const follower of users.keys()) {
        const key = pair(follower, action.user);
        if (follows.get(key) === true) follows.delete(key);
      }
      break;
    case 'open':
      users.get(action.user)!.protected = false;
      for (const asker of users.keys()) {
        const key = pair(asker, action.user);
        if (requests.delete(key)) follows.set(key, false);
      }
      break;
    case 'suspend':
      users.get(action.user)!.active = false;
      break;
    case 'reinstate':
      users.get(action.user)!.active = true;
      break;
  }
}

/** Whether a follow begins as a request. */
export function isRequest({ users, follows }: Model, { user, other }: { user: number; other: number }) {
  return users.get(other)!.protected && !follows.has(pair(user, other));
}

function follow(model: Model, action: Extract<Done, { kind: 'follow' }>): void {
  const key = pair(action.user, action.other);
  if (action.requested ?? isRequest(model, action)) model.requests.add(key);
  else model.follows.set(key, action.private);
}
