/** The whole of Warble's rules on plain sets and maps: small enough to be seen to be right. */

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

/** An act as it was done: real ids. */
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
      /** As it was answered: acts of one turn are answered in another order than they were done in. */
      requested?: boolean;
    }
  | { kind: 'unfollow' | 'block' | 'unblock' | 'mute' | 'unmute'; user: number; other: number }
  | { kind: 'answer'; user: number; other: number; approve: boolean }
  | { kind: 'protect' | 'open' | 'suspend' | 'reinstate'; user: number };

/** What the rules answer to an act on this model: undefined, or the code of the error. */
export function refusal(model: Model, act: Done): string | undefined {
  switch (act.kind) {
    case 'like':
      return mayReadTweet(model, act.user, act.tweetId) ? undefined : 'not_found';
    case 'comment':
      return mayReadTweet(model, act.user, act.tweetId) ? undefined : 'not_found';
    case 'repost':
      if (!mayReadTweet(model, act.user, act.tweetId)) return 'not_found';
      return model.users.get(model.tweets.get(act.tweetId)!.author)!.protected ? 'forbidden' : undefined;
    case 'uncomment': {
      const comment = model.comments.get(act.commentId);
      if (comment === undefined) return 'not_found';
      return undefined;
    }
    case 'follow':
      if (act.user === act.other) return 'cannot_follow_self';
      if (!maySee(model, act.user, act.other)) return 'not_found';
      return act.private && model.users.get(act.other)!.protected ? 'protected_account' : undefined;
    case 'answer':
      if (!maySee(model, act.user, act.other)) return 'not_found';
      if (model.requests.has(pair(act.other, act.user))) return undefined;
      return act.approve && model.follows.get(pair(act.other, act.user)) === false ? undefined : 'not_found';
    case 'block': {
      const hidden = !model.users.get(act.other)!.active || model.blocks.has(pair(act.other, act.user));
      return hidden ? 'not_found' : undefined;
    }
    case 'mute':
      return maySee(model, act.user, act.other) ? undefined : 'not_found';
    default:
      return undefined;
  }
}

/** Carries an act out that was answered with success. */
export function apply(model: Model, act: Done): void {
  switch (act.kind) {
    case 'post':
      model.tweets.set(act.tweetId, { author: act.user, alive: true });
      break;
    case 'delete':
      model.tweets.get(act.tweetId)!.alive = false;
      break;
    case 'like':
      model.likes.add(pair(act.tweetId, act.user));
      break;
    case 'unlike':
      model.likes.delete(pair(act.tweetId, act.user));
      break;
    case 'repost':
      model.reposts.add(pair(act.tweetId, act.user));
      break;
    case 'unrepost':
      model.reposts.delete(pair(act.tweetId, act.user));
      break;
    case 'comment':
      model.comments.set(act.commentId, { author: act.user, tweetId: act.tweetId, alive: true });
      break;
    case 'uncomment': {
      const comment = model.comments.get(act.commentId);
      if (comment !== undefined) comment.alive = false;
      break;
    }
    default:
      applySocial(model, act);
  }
}

type Social = Exclude<Done, { tweetId: number } | { commentId: number }>;

function applySocial(model: Model, act: Social): void {
  const { users, follows, requests, blocks, mutes } = model;
  switch (act.kind) {
    case 'follow':
      follow(model, act);
      break;
    case 'unfollow':
      follows.delete(pair(act.user, act.other));
      requests.delete(pair(act.user, act.other));
      break;
    case 'block':
      blocks.add(pair(act.user, act.other));
      for (const key of [pair(act.user, act.other), pair(act.other, act.user)]) {
        follows.delete(key);
        requests.delete(key);
      }
      break;
    case 'unblock':
      blocks.delete(pair(act.user, act.other));
      break;
    case 'mute':
      mutes.add(pair(act.user, act.other));
      break;
    case 'unmute':
      mutes.delete(pair(act.user, act.other));
      break;
    case 'answer':
      if (requests.delete(pair(act.other, act.user)) && act.approve)
        follows.set(pair(act.other, act.user), false);
      break;
    case 'protect':
      users.get(act.user)!.protected = true;
      for (const follower of users.keys()) {
        const key = pair(follower, act.user);
        if (follows.get(key) === true) follows.delete(key);
      }
      break;
    case 'open':
      users.get(act.user)!.protected = false;
      for (const asker of users.keys()) {
        const key = pair(asker, act.user);
        if (requests.delete(key)) follows.set(key, false);
      }
      break;
    case 'suspend':
      users.get(act.user)!.active = false;
      break;
    case 'reinstate':
      users.get(act.user)!.active = true;
      break;
  }
}

/** Whether a follow is a request at first. */
export function isRequest({ users, follows }: Model, { user, other }: { user: number; other: number }) {
  return users.get(other)!.protected && !follows.has(pair(user, other));
}

function follow(model: Model, act: Extract<Done, { kind: 'follow' }>): void {
  const key = pair(act.user, act.other);
  if (act.requested ?? isRequest(model, act)) model.requests.add(key);
  else model.follows.set(key, act.private);
}
