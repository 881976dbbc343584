/**
 * What users did, on plain maps. Of each action is known whether it was answered: an answered one must be there, an
 * unanswered one wholly or not at all, which the next look at the server decides for good.
 */

export interface Tweet {
  author: string;
  text: string;
  /** `ending`: its deletion was asked for and not answered yet. */
  state: 'there' | 'ending' | 'gone';
}
export interface Comment extends Tweet {
  tweetId: string;
}

export type EdgeKind = 'follow' | 'like' | 'repost';
/** `follow`: from a user to a user; `like` and `repost`: from a user to a tweet. */
export interface Edge {
  kind: EdgeKind;
  from: string;
  to: string;
}

export type Action =
  | { kind: 'post'; author: string; text: string; key: string | null }
  | { kind: 'comment'; author: string; tweetId: string; text: string; key: string | null }
  | { kind: 'delete'; tweetId: string }
  | { kind: 'uncomment'; commentId: string; tweetId: string }
  | { kind: 'set'; edge: Edge; on: boolean };

export interface Model {
  /** Ids of users. */
  users: string[];
  tweets: Map<string, Tweet>;
  comments: Map<string, Comment>;
  edges: Map<string, Edge>;
  /** Actions that were sent and never answered, until a look at the server decides each. */
  unanswered: Set<Action>;
  /** Tweets that anything happened to since the last check. */
  touched: Set<string>;
  answered: number;
}

export function createModel(): Model {
  return {
    users: [],
    tweets: new Map(),
    comments: new Map(),
    edges: new Map(),
    unanswered: new Set(),
    touched: new Set(),
    answered: 0,
  };
}

export const edgeKey = ({ kind, from, to }: Edge): string => `${kind} ${from} ${to}`;

/** Keeps an action that was answered with success. `id`: of what it made. */
export function keep(model: Model, action: Action, id: string): void {
  switch (action.kind) {
    case 'post':
      model.tweets.set(id, { author: action.author, text: action.text, state: 'there' });
      model.touched.add(id);
      break;
    case 'comment':
      model.comments.set(id, {
        author: action.author,
        text: action.text,
        tweetId: action.tweetId,
        state: 'there',
      });
      model.touched.add(action.tweetId);
      break;
    case 'delete':
      model.tweets.get(action.tweetId)!.state = 'gone';
      break;
    case 'uncomment':
      model.comments.get(action.commentId)!.state = 'gone';
      model.touched.add(action.tweetId);
      break;
    case 'set':
      if (action.on) model.edges.set(edgeKey(action.edge), action.edge);
      else model.edges.delete(edgeKey(action.edge));
      if (action.edge.kind !== 'follow') model.touched.add(action.edge.to);
      break;
  }
}

/** Tweets that stand, of one user or of all. */
export function standing(model: Model, author?: string): string[] {
  return [...model.tweets]
    .filter(([, tweet]) => tweet.state === 'there' && (author === undefined || tweet.author === author))
    .map(([id]) => id);
}

/** Who has such an edge to `to`. */
export function sources(model: Model, kind: EdgeKind, to: string): string[] {
  return model.users.filter((from) => model.edges.has(edgeKey({ kind, from, to })));
}

export function targets(model: Model, kind: EdgeKind, from: string): string[] {
  return [...model.edges.values()]
    .filter((edge) => edge.kind === kind && edge.from === from)
    .map(({ to }) => to);
}

export function commentsOn(model: Model, tweetId: string): [string, Comment][] {
  return [...model.comments].filter(
    ([, comment]) => comment.tweetId === tweetId && comment.state === 'there',
  );
}

export interface HomeRow {
  tweetId: string;
  /** Followed users who reposted it, sorted. */
  repostedBy: string[];
}

/** A reader's home by a plain computation, in no order: what anybody followed posted or reposted, each tweet once. */
export function plainHome(model: Model, reader: string, own: boolean): HomeRow[] {
  const counts = new Set(targets(model, 'follow', reader));
  if (own) counts.add(reader);
  return standing(model)
    .map((tweetId) => ({
      tweetId,
      repostedBy: sources(model, 'repost', tweetId)
        .filter((user) => counts.has(user))
        .sort(),
    }))
    .filter(
      ({ tweetId, repostedBy }) => repostedBy.length > 0 || counts.has(model.tweets.get(tweetId)!.author),
    );
}

/** All tweets by a plain computation: the most liked first, then by the author's followers, then the newest. */
export function plainTop(model: Model): string[] {
  const rank = (kind: EdgeKind) => {
    const counts = new Map<string, number>();
    for (const edge of model.edges.values()) {
      if (edge.kind === kind) counts.set(edge.to, (counts.get(edge.to) ?? 0) + 1);
    }
    return (id: string) => counts.get(id) ?? 0;
  };
  const [likes, followers] = [rank('like'), rank('follow')];
  const author = (id: string) => model.tweets.get(id)!.author;
  return standing(model).sort(
    (a, b) => likes(b) - likes(a) || followers(author(b)) - followers(author(a)) || Number(b) - Number(a),
  );
}
