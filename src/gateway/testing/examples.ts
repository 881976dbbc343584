/**
 * A short story in which every call of the API succeeds once, on a running system. The documentation's examples come
 * from it.
 */
import assert from 'node:assert/strict';
import sharp from 'sharp';
import type { Example, Examples } from '#http/docs/examples.ts';
import { type Api, openApi } from './gateway.ts';

const PASSWORD = 'correct horse battery staple';
const NEW_PASSWORD = 'a longer sentence is better';

interface User {
  id: string;
  token: string;
}
type Send = (
  name: string,
  method: string,
  path: string,
  body?: unknown,
  by?: User | null,
  // biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, which the OpenAPI document checks.
) => Promise<any>;

/** Plays the story, and returns the requests and responses. */
export async function collectExamples(): Promise<Examples> {
  const api = await openApi();
  try {
    const calls: Record<string, Example> = {};
    const send = recorder(api, calls);
    const users = await gather(api, send);
    await tellStory(api, send, users, calls);
    const problem = await send('', 'POST', '/postTweet', { content: '' }, users.bob);
    return { calls, problem };
  } finally {
    await api.close();
  }
}

/** Sends a request and records it under the operation's name, unless that is empty. */
function recorder(api: Api, calls: Record<string, Example>): Send {
  return async (name, method, path, body, by = null) => {
    const form = body instanceof FormData;
    const response = await fetch(`${api.url}/api/v1${path}`, {
      method,
      headers: {
        ...(by === null ? {} : { authorization: `Bearer ${by.token}` }),
        ...(body === undefined || form ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
    });
    const received = { status: response.status, headers: response.headers, body: await response.json() };
    api.conformance.check(method, `/api/v1${path}`, received);
    if (name === '') return received.body;
    assert.equal(received.status, 200, `${name}: ${JSON.stringify(received.body)}`);
    assert.ok(!Object.hasOwn(calls, name), `${name} has two examples`);
    calls[name] = {
      ...(body === undefined ? {} : { body: form ? textsOf(body) : body }),
      response: received.body,
    };
    return received.body;
  };
}

/** A form for display, with files as their names. */
function textsOf(form: FormData): Record<string, string> {
  return Object.fromEntries(
    Array.from(form, ([name, part]) => [name, typeof part === 'string' ? part : part.name]),
  );
}

async function gather(api: Api, send: Send) {
  const signUp = async (handle: string, name: string, example = '') => {
    const { userId, token } = await send(example, 'POST', '/signup', { handle, password: PASSWORD, name });
    return { id: userId as string, token: token as string };
  };
  const ada = await signUp('ada', 'Ada', 'signUp');
  const bob = await signUp('bob', 'Bob');
  const cy = await signUp('cy', 'Cy');
  await api.administration.setModerator({
    userId: Number(cy.id),
    moderator: true,
    by: 'root',
    from: 'here',
    reason: 'for the examples',
  });
  return { ada, bob, cy };
}

type Users = Awaited<ReturnType<typeof gather>>;

async function tellStory(api: Api, send: Send, users: Users, calls: Record<string, Example>) {
  await profiles(send, users);
  const stream = await openStream(api, users.ada);
  const tweetId = await tweets(api, send, users);
  await lists(send, users, tweetId);
  await relationships(api, send, users, tweetId);
  await notifications(api, send, users, tweetId);
  calls.openStream = { response: await stream.take(['tweet', 'notification', 'counts', 'delete']) };
  await moderation(send, users, tweetId);
  await undo(send, users, tweetId);
  await accounts(send, users);
}

async function profiles(send: Send, { ada, bob }: Users) {
  await send('setProfile', 'POST', '/me/profile', { name: 'Ada', bio: 'Counts everything' }, ada);
  await send('setProfileWithPUT', 'PUT', '/me/profile', { bio: 'Counts waves' }, ada);
  await send('follow', 'POST', '/follow', { userId: bob.id }, ada);
  await send('', 'POST', '/follow', { userId: ada.id }, bob);
}

async function tweets(api: Api, send: Send, { ada, bob, cy }: Users): Promise<string> {
  const blank = { width: 32, height: 24, channels: 3, background: '#258' } as const;
  const form = new FormData();
  form.set('file', new File([await sharp({ create: blank }).png().toBuffer()], 'sea.png'));
  form.set('alt', 'The sea at noon');
  await send('uploadMedia', 'POST', '/media', form, bob);
  const content = 'Off to the sea with @ada #holiday https://example.org';
  const body = { content, images: ['sea.png'] };
  const { tweetId } = await send('postTweet', 'POST', '/postTweet', body, bob);
  api.clock.advance(4_000);
  await send('like', 'POST', '/like', { tweetId }, ada);
  const { commentId } = await send('', 'POST', '/comment', { tweetId, content: 'me too' }, cy);
  await send('comment', 'POST', '/comment', { tweetId, content: 'Take me with you!' }, ada);
  await send('deleteComment', 'DELETE', `/tweets/${tweetId}/comments/${commentId}`, undefined, bob);
  await send('repost', 'POST', '/repost', { tweetId }, ada);
  await api.settle(2_000);
  const later = await send('', 'POST', '/postTweet', { content: 'It rains' }, bob);
  await send('deleteTweet', 'DELETE', `/tweets/${later.tweetId}`, undefined, bob);
  await api.settle(2_000);
  return tweetId;
}

async function lists(send: Send, { ada, bob }: Users, tweetId: string) {
  await send('getTweet', 'GET', `/tweets/${tweetId}`, undefined, ada);
  await send('listTweets', 'GET', '/me/tweets?followed=true', undefined, ada);
  await send('listTopTweets', 'GET', '/tweets?window=24h');
  await send('listLikes', 'GET', `/tweets/${tweetId}/likes`);
  await send('listComments', 'GET', `/tweets/${tweetId}/comments`);
  await send('listReposts', 'GET', `/tweets/${tweetId}/reposts`);
  await send('getProfile', 'GET', `/${bob.id}/profile`, undefined, ada);
  await send('listUsers', 'GET', `/users?ids=${bob.id},${ada.id}`);
  await send('lookup', 'GET', '/lookup?handle=Bob');
}

async function relationships(api: Api, send: Send, { ada, bob, cy }: Users, tweetId: string) {
  await send('', 'POST', '/follow', { userId: cy.id }, bob);
  await send('listSuggestions', 'GET', '/me/suggestions', undefined, ada);
  await send('', 'POST', '/follow', { userId: bob.id }, cy);
  await send('', 'POST', '/follow', { userId: ada.id }, cy);
  await send('listMutuals', 'GET', `/${cy.id}/mutuals`, undefined, ada);
  await send('listFollowersYouKnow', 'GET', `/${ada.id}/followers-you-know`, undefined, bob);
  await send('listFollowers', 'GET', `/${bob.id}/followers?limit=1`);
  await send('listFollowing', 'GET', '/me/following', undefined, ada);
  await send('changeFollow', 'PUT', `/follow/${bob.id}`, { reposts: false }, ada);
  await send('removeFollower', 'DELETE', `/me/followers/${cy.id}`, undefined, ada);
  await send('mute', 'POST', '/mute', { userId: cy.id }, ada);
  await send('listMutes', 'GET', '/me/mutes', undefined, ada);
  await send('unmute', 'DELETE', `/mute/${cy.id}`, undefined, ada);
  await send('', 'POST', '/me/profile', { protected: true }, cy);
  await send('', 'POST', '/follow', { userId: cy.id }, ada);
  await send('listFollowRequests', 'GET', '/me/follow-requests', undefined, cy);
  await send('answerFollowRequest', 'POST', `/me/follow-requests/${ada.id}`, { approve: true }, cy);
  await send('muteThread', 'POST', '/muteThread', { tweetId }, ada);
  await send('unmuteThread', 'DELETE', `/muteThread/${tweetId}`, undefined, ada);
  await api.settle(2_000);
}

async function notifications(api: Api, send: Send, { ada, bob }: Users, tweetId: string) {
  await send('setBell', 'POST', '/bell', { userId: bob.id, level: 'all' }, ada);
  await send('', 'POST', '/postTweet', { content: '@ada come and see' }, bob);
  await api.settle(2_000);
  const page = await send('listNotifications', 'GET', '/me/notifications?limit=2', undefined, ada);
  assert.ok(page.notifications.length > 0, `nobody was told of ${tweetId}`);
  const upTo = page.notifications[0].id as string;
  await send('readNotifications', 'POST', '/me/notifications/read', { upTo }, ada);
  await send('getNotificationSettings', 'GET', '/me/notification-settings', undefined, ada);
  const types = { like: { audience: 'following' } };
  await send('changeNotificationSettings', 'PUT', '/me/notification-settings', { types }, ada);
}

async function moderation(send: Send, { bob, cy }: Users, tweetId: string) {
  const body = { tweetId, reason: 'Sells things in every thread' };
  const { reportId } = await send('report', 'POST', '/report', body, cy);
  await send('listReports', 'GET', '/moderation/reports', undefined, cy);
  const resolution = { act: 'dismiss', reason: 'It is about the sea' };
  await send('resolveReport', 'POST', `/moderation/reports/${reportId}`, resolution, cy);
  await send('block', 'POST', '/block', { userId: cy.id }, bob);
  await send('listBlocks', 'GET', '/me/blocks', undefined, bob);
  await send('unblock', 'DELETE', `/block/${cy.id}`, undefined, bob);
}

async function undo(send: Send, { ada, bob }: Users, tweetId: string) {
  await send('unlike', 'DELETE', `/like/${tweetId}`, undefined, ada);
  await send('unrepost', 'DELETE', `/repost/${tweetId}`, undefined, ada);
  await send('unfollow', 'DELETE', `/follow/${bob.id}`, undefined, ada);
}

async function accounts(send: Send, { ada }: Users) {
  const signedIn = await send('logIn', 'POST', '/login', { handle: 'ada', password: PASSWORD });
  await send('getAccount', 'GET', '/me', undefined, ada);
  const { sessions } = await send('listSessions', 'GET', '/sessions', undefined, ada);
  const other = sessions.find(({ current }: { current: boolean }) => !current);
  await send('endSession', 'DELETE', `/sessions/${other.id}`, undefined, ada);
  assert.ok(signedIn.token);
  const change = { current: PASSWORD, new: NEW_PASSWORD };
  await send('changePassword', 'POST', '/password', change, ada);
  await send('logOut', 'POST', '/logout', undefined, ada);
  const again = await send('', 'POST', '/login', { handle: 'ada', password: NEW_PASSWORD });
  const back = { id: ada.id, token: again.token as string };
  await send('removeAccount', 'DELETE', '/me', { password: NEW_PASSWORD }, back);
}

/** Opens a stream. `take` waits until each of these events has arrived once, and returns all text received. */
async function openStream(api: Api, { token }: User) {
  const response = await fetch(`${api.url}/api/v1/stream`, { headers: { authorization: `Bearer ${token}` } });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  return {
    async take(names: readonly string[]) {
      let text = '';
      while (!names.every((name) => new RegExp(`^event: ${name}\ndata: .*\n\n`, 'm').test(text))) {
        const { done, value } = await reader.read();
        assert.ok(!done, `the stream ended before ${names}: ${text}`);
        text += value;
      }
      await reader.cancel();
      return text.slice(0, text.lastIndexOf('\n\n') + 2);
    },
  };
}
