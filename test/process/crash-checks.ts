/** Whether a server holds what users were told that it holds. */
import assert from 'node:assert/strict';
import { LIMITS } from '#domain/limits.ts';
import { eventually, type User } from '../support/client.ts';
import { request } from './crash-load.ts';
import {
  type Action,
  commentsOn,
  edgeKey,
  keep,
  type Model,
  plainHome,
  plainTop,
  sources,
  standing,
  targets,
} from './crash-model.ts';

export interface CheckDeps {
  model: Model;
  users: User[];
}

interface ShownTweet {
  tweetId: string;
  userId: string;
  content: string;
  likeCount: number;
  commentCount: number;
  repostCount: number;
  time: string;
  repostedBy: string[];
  repostTime: string | null;
}

/**
 * Decides each action that was never answered: those that came with a key are sent again, which must do them once; of
 * the others it is looked up whether they happened. From here on all that the model holds is certain.
 */
export async function decideUnanswered({ model, users }: CheckDeps): Promise<void> {
  for (const action of model.unanswered) {
    const user = users.find(({ id }) => id === doerOf(model, action))!;
    if (action.kind === 'post' || action.kind === 'comment') await decideText(model, user, action);
    else await decideChange(model, user, action);
  }
}

function doerOf(model: Model, action: Action): string {
  if (action.kind === 'set') return action.edge.from;
  if (action.kind === 'delete') return model.tweets.get(action.tweetId)!.author;
  return action.kind === 'uncomment' ? model.comments.get(action.commentId)!.author : action.author;
}

async function decideText(
  model: Model,
  user: User,
  action: Extract<Action, { kind: 'post' | 'comment' }>,
): Promise<void> {
  const [path, field, id] =
    action.kind === 'post'
      ? ['/me/tweets', 'tweets', 'tweetId']
      : [`/tweets/${action.tweetId}/comments`, 'comments', 'commentId'];
  const gone =
    action.kind === 'comment' && (await user.send('GET', `/tweets/${action.tweetId}`)).status === 404;
  if (gone) {
    model.unanswered.delete(action);
    return;
  }
  let again: string | null = null;
  if (action.key !== null) {
    const answer = await request(user, action);
    assert.equal(answer.status, 200, `${JSON.stringify(action)} again: ${JSON.stringify(answer.body)}`);
    again = answer.body[id];
  }
  const found = (await user.list(path, field)).filter(({ content }) => content === action.text);
  assert.ok(found.length <= 1, `${action.text} stands ${found.length} times`);
  if (again !== null) assert.equal(found[0]?.[id], again, `${action.text} was kept under its key`);
  // A comment may have its row and its text, and be listed only when the sweeper finds them: so it is asked again.
  if (found.length === 0 && action.kind === 'comment') return;
  model.unanswered.delete(action);
  if (found.length === 1) keep(model, action, found[0][id]);
}

type Change = Exclude<Action, { kind: 'post' | 'comment' }>;

async function decideChange(model: Model, user: User, action: Change): Promise<void> {
  model.unanswered.delete(action);
  if (action.kind === 'delete') {
    const { status } = await user.send('GET', `/tweets/${action.tweetId}`);
    model.tweets.get(action.tweetId)!.state = status === 404 ? 'gone' : 'there';
    return;
  }
  const tweetId = action.kind === 'uncomment' ? action.tweetId : action.edge.to;
  const aboutTweet = action.kind === 'uncomment' || action.edge.kind !== 'follow';
  if (aboutTweet && (await user.send('GET', `/tweets/${tweetId}`)).status === 404) return;
  if (action.kind === 'uncomment') {
    const listed = await user.list(`/tweets/${tweetId}/comments`, 'comments');
    const there = listed.some(({ commentId }) => commentId === action.commentId);
    model.comments.get(action.commentId)!.state = there ? 'there' : 'gone';
    return;
  }
  const { kind, from, to } = action.edge;
  const ids =
    kind === 'follow'
      ? await user.list('/me/following', 'following')
      : (await user.list(`/tweets/${to}/${kind}s`, `${kind}s`)).map(({ userId }) => userId);
  if (ids.includes(kind === 'follow' ? to : from)) model.edges.set(edgeKey(action.edge), action.edge);
  else model.edges.delete(edgeKey(action.edge));
}

/** Every fact that was answered stands, and none that was not asked for. At once, without any settling. */
export async function checkFacts({ model, users }: CheckDeps): Promise<void> {
  for (const user of users) {
    const own: ShownTweet[] = await user.list('/me/tweets', 'tweets');
    const texts = (pairs: [string, string][]) => new Map(pairs.sort(([a], [b]) => Number(a) - Number(b)));
    assert.deepEqual(
      texts(own.map(({ tweetId, content }) => [tweetId, content])),
      texts(standing(model, user.id).map((id) => [id, model.tweets.get(id)!.text])),
      `the tweets of ${user.handle}`,
    );
    assert.equal(own.length, new Set(own.map(({ tweetId }) => tweetId)).size);
    same(
      await user.list('/me/following', 'following'),
      targets(model, 'follow', user.id),
      `whom ${user.handle} follows`,
    );
    same(
      await user.list('/me/followers', 'followers'),
      sources(model, 'follow', user.id),
      `who follows ${user.handle}`,
    );
  }
  const reader = users[0]!;
  for (const tweetId of model.touched) {
    if (model.tweets.get(tweetId)!.state !== 'there') continue;
    await checkLists(model, reader, tweetId);
  }
  model.touched.clear();
}

async function checkLists(model: Model, reader: User, tweetId: string): Promise<void> {
  for (const kind of ['like', 'repost'] as const) {
    const listed = (await reader.list(`/tweets/${tweetId}/${kind}s`, `${kind}s`)).map(({ userId }) => userId);
    same(listed, sources(model, kind, tweetId), `the ${kind}s of ${tweetId}`);
  }
  const listed = (await reader.list(`/tweets/${tweetId}/comments`, 'comments')).map(
    ({ commentId, content }) => `${commentId} ${content}`,
  );
  same(
    listed,
    commentsOn(model, tweetId).map(([id, { text }]) => `${id} ${text}`),
    `the comments on ${tweetId}`,
  );
}

function same(shown: string[], expected: string[], what: string): void {
  assert.deepEqual(shown.sort(), expected.sort(), what);
}

/** Every view holds what follows from the facts, as soon as it has settled: counts, homes, top list. */
export async function checkViews({ model, users }: CheckDeps): Promise<void> {
  for (const user of users) {
    await eventually(() => checkCounts(model, user));
    for (const own of [false, true]) await eventually(() => checkHome(model, user, own));
  }
  await eventually(async () => {
    const top = await users[0]!.list('/tweets', 'tweets');
    assert.deepEqual(
      top.map(({ tweetId }) => tweetId),
      plainTop(model).slice(0, LIMITS.globalTop),
      'the top tweets',
    );
  });
}

async function checkCounts(model: Model, user: User): Promise<void> {
  const profile = await user.get('/me/profile');
  assert.deepEqual(
    [profile.tweetCount, profile.followerCount, profile.followingCount],
    [
      standing(model, user.id).length,
      sources(model, 'follow', user.id).length,
      targets(model, 'follow', user.id).length,
    ],
    `the counts of ${user.handle}`,
  );
  for (const tweet of (await user.list('/me/tweets', 'tweets')) as ShownTweet[]) checkTweet(model, tweet);
}

function checkTweet(model: Model, tweet: ShownTweet): void {
  const { tweetId } = tweet;
  const counts = [
    sources(model, 'like', tweetId).length,
    commentsOn(model, tweetId).length,
    sources(model, 'repost', tweetId).length,
  ];
  assert.deepEqual([tweet.likeCount, tweet.commentCount, tweet.repostCount], counts, `counts of ${tweetId}`);
}

async function checkHome(model: Model, { handle, id, list }: User, own: boolean): Promise<void> {
  const what = `the home of ${handle}${own ? ' with own tweets' : ''}`;
  const shown: ShownTweet[] = await list(`/me/tweets?followed=true${own ? '&own=true' : ''}`, 'tweets', 37);
  const rows = shown.map(({ tweetId, repostedBy }) => `${tweetId} ${[...repostedBy].sort()}`);
  same(
    rows,
    plainHome(model, id, own).map(({ tweetId, repostedBy }) => `${tweetId} ${repostedBy}`),
    what,
  );
  const times = shown.map(({ time, repostTime }) => repostTime ?? time);
  assert.deepEqual(times, [...times].sort().reverse(), `${what} goes from newest to oldest`);
  for (const tweet of shown) checkTweet(model, tweet);
}
