/** Users who all do things at once, each by a generator of their own, until their server is killed under them. */
import assert from 'node:assert/strict';
import type { Random } from '#platform/random.ts';
import type { ApiResponse, User } from '../support/client.ts';
import { type Action, commentsOn, keep, type Model, standing, targets } from './crash-model.ts';

export interface LoadDeps {
  model: Model;
  user: User;
  random: Random;
  /** Whether the server was killed, so that broken connections are no surprise. */
  killed(): boolean;
  onAnswer(): void;
}

type Roll = (below: number) => number;

/** One user's life until the server dies: one request after the other. */
export async function live(deps: LoadDeps): Promise<void> {
  const roll: Roll = (below) => deps.random.integer(below);
  while (!deps.killed()) {
    try {
      if (roll(10) === 0) await readHome(deps);
      else await perform(deps, choose(deps, roll));
    } catch (error) {
      if (error instanceof assert.AssertionError || !deps.killed()) throw error;
      return;
    }
  }
}

/** The next thing that this user does. */
function choose({ model, user, random }: LoadDeps, roll: Roll): Action {
  const me = user.id;
  const pick = <T>(items: readonly T[]): T | undefined => items[roll(items.length)];
  const key = roll(2) === 0 ? `${user.handle}-${random.bytes(6).toString('hex')}` : null;
  const text = `${user.handle} says ${random.bytes(8).toString('hex')}`;
  const post: Action = { kind: 'post', author: me, text, key };
  const on = roll(10) < 7;
  const edgeTo = (kind: 'like' | 'repost'): Action => {
    const to = on ? pick(standing(model).slice(-30)) : pick(targets(model, kind, me));
    return to === undefined ? post : { kind: 'set', edge: { kind, from: me, to }, on };
  };
  const kind = roll(100);
  if (kind < 40) return post;
  if (kind < 58) return edgeTo('like');
  if (kind < 68) return edgeTo('repost');
  if (kind < 80) {
    const other = pick(model.users.filter((id) => id !== me))!;
    return { kind: 'set', edge: { kind: 'follow', from: me, to: other }, on: roll(10) < 6 };
  }
  const tweetId = pick(standing(model).slice(-30));
  if (kind < 90 && tweetId !== undefined) return { kind: 'comment', author: me, tweetId, text, key };
  const comment =
    tweetId === undefined ? undefined : commentsOn(model, tweetId).find(([, { author }]) => author === me);
  if (comment !== undefined) return { kind: 'uncomment', commentId: comment[0], tweetId: comment[1].tweetId };
  const mine = pick(standing(model, me));
  return mine === undefined ? post : { kind: 'delete', tweetId: mine };
}

/** Sends an action and keeps it when it was answered. Rejects where the connection broke: then it stays unanswered. */
export async function perform({ model, user, onAnswer }: LoadDeps, action: Action): Promise<void> {
  const ending = endingOf(model, action);
  if (ending !== undefined) ending.state = 'ending';
  model.unanswered.add(action);
  const answer = await request(user, action);
  model.unanswered.delete(action);
  if (answer.status === 200) {
    model.answered++;
    keep(model, action, answer.body.tweetId ?? answer.body.commentId ?? '');
    onAnswer();
    return;
  }
  const about = aboutTweet(action);
  const gone = about !== undefined && model.tweets.get(about)!.state !== 'there';
  assert.ok(
    gone && answer.status === 404,
    `${JSON.stringify(action)}: ${answer.status} ${JSON.stringify(answer.body)}`,
  );
  if (ending !== undefined) ending.state = 'gone';
}

function endingOf(model: Model, action: Action): { state: 'there' | 'ending' | 'gone' } | undefined {
  if (action.kind === 'delete') return model.tweets.get(action.tweetId);
  return action.kind === 'uncomment' ? model.comments.get(action.commentId) : undefined;
}

/** The tweet that an action needs, which somebody else may delete meanwhile. */
function aboutTweet(action: Action): string | undefined {
  if (action.kind === 'set' && action.edge.kind !== 'follow') return action.edge.to;
  return action.kind === 'comment' || action.kind === 'uncomment' ? action.tweetId : undefined;
}

/** One HTTP request for an action; the same action gives the same request. */
export function request(user: User, action: Action): Promise<ApiResponse> {
  switch (action.kind) {
    case 'post':
      return user.send('POST', '/postTweet', { content: action.text }, keyed(action.key));
    case 'comment':
      return user.send(
        'POST',
        '/comment',
        { tweetId: action.tweetId, content: action.text },
        keyed(action.key),
      );
    case 'delete':
      return user.send('DELETE', `/tweets/${action.tweetId}`);
    case 'uncomment':
      return user.send('DELETE', `/tweets/${action.tweetId}/comments/${action.commentId}`);
    case 'set':
      return setEdge(user, action);
  }
}

function keyed(key: string | null): Record<string, string> {
  return key === null ? {} : { 'idempotency-key': key };
}

function setEdge(user: User, { edge, on }: Extract<Action, { kind: 'set' }>): Promise<ApiResponse> {
  const field = edge.kind === 'follow' ? 'userId' : 'tweetId';
  if (on) return user.send('POST', `/${edge.kind}`, { [field]: edge.to });
  return user.send('DELETE', `/${edge.kind}/${edge.to}`);
}

/** A page of one's home at any moment: no tweet twice, none whose deletion was answered before the page was asked for. */
async function readHome({ model, user }: LoadDeps): Promise<void> {
  const gone = new Set([...model.tweets].filter(([, { state }]) => state === 'gone').map(([id]) => id));
  const { status, body } = await user.send('GET', '/me/tweets?followed=true&limit=50');
  assert.equal(status, 200, JSON.stringify(body));
  const ids: string[] = body.tweets.map((tweet: { tweetId: string }) => tweet.tweetId);
  assert.equal(new Set(ids).size, ids.length, `a tweet stands twice in a page of ${user.handle}'s home`);
  for (const id of ids) assert.ok(!gone.has(id), `${user.handle}'s home shows ${id}, which was deleted`);
}
