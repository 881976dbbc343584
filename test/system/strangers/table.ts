/** Every route of the API, called about one user, the target: who may call it, and what it then shows of the target. */
import {
  always,
  anybody,
  hears,
  isFollower,
  isTarget,
  knows,
  never,
  type Outcome,
  type Rule,
  reads,
  signedIn,
  type Test,
  targetAlone,
  where,
} from './kinds.ts';
import type { Scene } from './scene.ts';

export interface Case {
  title: string;
  /** Below /api/v1, except where it begins with `/media`. */
  path: (scene: Scene) => string;
  body?: (scene: Scene) => object;
  outcome: Rule;
  /** Exactly these are shown the target's handle. No call may show it to those who may not see the target. */
  names?: Test;
  /** Exactly these are shown the target's texts. No call may show them to those who may not read the target. */
  shows?: Test;
  /** Exactly these are given the id of the target's tweet. No call may give it to those who may not read the target. */
  lists?: Test;
}

const post = (title: string, body: (scene: Scene) => object, outcome: Rule, path: string): Case[] => [
  { title, path: () => path, body, outcome },
];
/** For calls about the target's tweet: those who may read it get `then`. */
const onTweet = (then: Rule = always('ok')) => signedIn(where(reads, then));
/** For calls about the target: the outcome for those who may see the target; `self` is the target's own. */
const onUser = (self: Outcome, then: Rule = always('ok')) =>
  signedIn((kind) => (kind.self ? self : where(knows, then)(kind)));
const tweetBody = ({ tweetId }: Scene) => ({ tweetId });
const targetBody = ({ target }: Scene) => ({ userId: target.id });
/** Lists of the target's tweet, and of another user's tweet with which the target did the same. */
function engagementLists(list: 'likes' | 'comments' | 'reposts'): Case[] {
  return [
    {
      title: "of the target's tweet",
      path: (s) => `/tweets/${s.tweetId}/${list}`,
      outcome: anybody(where(reads)),
    },
    {
      title: "of a third user's tweet",
      path: (s) => `/tweets/${s.hostTweetId}/${list}`,
      outcome: anybody(),
      names: reads,
      ...(list === 'comments' ? { shows: reads } : {}),
    },
  ];
}

/** By method and path, as in the OpenAPI document (without its prefix). */
export const TABLE: Record<string, Case[]> = {
  'POST /signup': post(
    'for somebody new',
    ({ fresh }) => ({ handle: fresh, password: 'a long enough one' }),
    anybody(),
    '/signup',
  ),
  'POST /login': post(
    "with a guess at the target's password",
    ({ target }) => ({ handle: target.handle, password: 'a guess' }),
    always('unauthenticated'),
    '/login',
  ),
  'POST /logout': [{ title: 'of oneself', path: () => '/logout', outcome: signedIn() }],
  'POST /password': post(
    'with a guess',
    () => ({ current: 'a guess', new: 'a long enough one' }),
    signedIn(always('forbidden')),
    '/password',
  ),
  'GET /me': [{ title: '', path: () => '/me', outcome: signedIn(), names: isTarget }],
  'DELETE /me': [
    {
      title: 'with a guess',
      path: () => '/me',
      body: () => ({ password: 'a guess' }),
      outcome: signedIn(always('forbidden')),
    },
  ],
  'GET /sessions': [{ title: '', path: () => '/sessions', outcome: signedIn() }],
  'DELETE /sessions/{id}': [
    { title: "of the target's session", path: (s) => `/sessions/${s.targetSessionId}`, outcome: signedIn() },
  ],

  'GET /{userId}/profile': [
    {
      title: '',
      path: (s) => `/${s.target.id}/profile`,
      // The blocker keeps the basic profile, so as to know whom to unblock.
      outcome: anybody((kind) => (kind.blocks ? 'ok' : where(knows)(kind))),
      names: (kind) => knows(kind) || kind.blocks === true,
      lists: reads,
    },
  ],
  'POST /{userId}/profile': [
    { title: '', path: (s) => `/${s.target.id}/profile`, body: () => ({ bio: 'x' }), outcome: targetAlone },
  ],
  'PUT /{userId}/profile': [
    { title: '', path: (s) => `/${s.target.id}/profile`, body: () => ({ bio: 'x' }), outcome: targetAlone },
  ],

  'POST /postTweet': post(
    'in the name of the target',
    ({ target }) => ({ userId: target.id, content: 'x' }),
    targetAlone,
    '/postTweet',
  ),
  'GET /tweets/{tweetId}': [
    {
      title: '',
      path: (s) => `/tweets/${s.tweetId}`,
      outcome: anybody(where(reads)),
      names: reads,
      shows: reads,
    },
    {
      title: "of a third user, on which the target's acts stand",
      path: (s) => `/tweets/${s.hostTweetId}`,
      outcome: anybody(),
      names: reads,
      shows: reads,
    },
  ],
  'DELETE /tweets/{tweetId}': [
    {
      title: '',
      path: (s) => `/tweets/${s.tweetId}`,
      outcome: onTweet(where(isTarget, always('ok'), 'forbidden')),
    },
  ],
  'GET /tweets': [
    { title: 'of all', path: () => '/tweets?limit=100', outcome: anybody() },
    { title: 'of the day', path: () => '/tweets?limit=100&window=24h', outcome: anybody() },
    {
      title: 'by their ids',
      path: (s) => `/tweets?ids=${s.tweetId}`,
      outcome: anybody(),
      names: reads,
      shows: reads,
      lists: reads,
    },
  ],
  'GET /{userId}/tweets': [
    {
      title: '',
      path: (s) => `/${s.target.id}/tweets`,
      outcome: anybody(where(knows)),
      names: reads,
      shows: reads,
      lists: reads,
    },
    { title: "the target's home", path: (s) => `/${s.target.id}/tweets?followed=true`, outcome: targetAlone },
    { title: 'the own home', path: () => '/me/tweets?followed=true', outcome: signedIn(), lists: hears },
    {
      title: 'the top of the own home',
      path: () => '/me/tweets?followed=true&order=top&k=100',
      outcome: signedIn(),
      lists: hears,
    },
  ],

  'POST /like': post('', tweetBody, onTweet(), '/like'),
  'DELETE /like/{tweetId}': [{ title: '', path: (s) => `/like/${s.tweetId}`, outcome: signedIn() }],
  'POST /repost': post(
    '',
    tweetBody,
    onTweet(where((kind) => !kind.protected, always('ok'), 'forbidden')),
    '/repost',
  ),
  'DELETE /repost/{tweetId}': [{ title: '', path: (s) => `/repost/${s.tweetId}`, outcome: signedIn() }],
  'POST /comment': post('', ({ tweetId }) => ({ tweetId, content: 'x' }), onTweet(), '/comment'),
  'DELETE /tweets/{tweetId}/comments/{commentId}': [
    {
      title: '',
      path: (s) => `/tweets/${s.tweetId}/comments/${s.commentId}`,
      outcome: onTweet(where(isTarget, always('ok'), 'forbidden')),
    },
  ],
  'GET /tweets/{tweetId}/likes': engagementLists('likes'),
  'GET /tweets/{tweetId}/comments': engagementLists('comments'),
  'GET /tweets/{tweetId}/reposts': engagementLists('reposts'),

  'POST /follow': [
    { title: 'publicly', path: () => '/follow', body: targetBody, outcome: onUser('cannot_follow_self') },
    {
      title: 'privately',
      path: () => '/follow',
      body: ({ target }) => ({ userId: target.id, private: true }),
      outcome: onUser(
        'cannot_follow_self',
        where((kind) => !kind.protected, always('ok'), 'protected_account'),
      ),
    },
  ],
  'PUT /follow/{userId}': [
    {
      title: '',
      path: (s) => `/follow/${s.target.id}`,
      body: () => ({ reposts: false }),
      outcome: onUser('invalid_request', where(isFollower)),
    },
  ],
  'DELETE /me/followers/{userId}': [
    { title: '', path: (s) => `/me/followers/${s.target.id}`, outcome: signedIn() },
  ],
  'GET /users': [{ title: '', path: (s) => `/users?ids=${s.target.id}`, outcome: anybody(), names: knows }],
  'DELETE /follow/{userId}': [{ title: '', path: (s) => `/follow/${s.target.id}`, outcome: signedIn() }],
  'GET /{userId}/followers': [
    { title: '', path: (s) => `/${s.target.id}/followers`, outcome: anybody(where(knows)) },
    {
      title: 'of a third user whom the target follows',
      path: (s) => `/${s.host.id}/followers`,
      outcome: anybody(),
      names: knows,
    },
  ],
  'GET /{userId}/following': [
    { title: '', path: (s) => `/${s.target.id}/following`, outcome: anybody(where(knows)) },
    {
      title: 'of a third user who follows the target',
      path: (s) => `/${s.host.id}/following`,
      outcome: anybody(),
      names: knows,
    },
    {
      title: 'one follows oneself',
      path: () => '/me/following',
      outcome: signedIn(),
      names: isFollower,
    },
  ],
  'GET /me/follow-requests': [
    { title: '', path: () => '/me/follow-requests', outcome: signedIn(), names: never },
  ],
  'POST /me/follow-requests/{userId}': [
    {
      title: 'that the target never made',
      path: (s) => `/me/follow-requests/${s.target.id}`,
      body: () => ({ approve: true }),
      outcome: signedIn(always('not_found')),
    },
  ],
  'POST /block': [
    {
      title: '',
      path: () => '/block',
      body: targetBody,
      // Repeating it succeeds.
      outcome: signedIn((kind) => (kind.blocks ? 'ok' : onUser('invalid_request')(kind))),
    },
  ],
  'DELETE /block/{userId}': [{ title: '', path: (s) => `/block/${s.target.id}`, outcome: signedIn() }],
  'GET /me/blocks': [
    { title: '', path: () => '/me/blocks', outcome: signedIn(), names: ({ blocks }) => blocks === true },
  ],
  'POST /mute': post('', targetBody, onUser('invalid_request'), '/mute'),
  'DELETE /mute/{userId}': [{ title: '', path: (s) => `/mute/${s.target.id}`, outcome: signedIn() }],
  'GET /me/mutes': [
    { title: '', path: () => '/me/mutes', outcome: signedIn(), names: ({ mutes }) => mutes === true },
  ],

  'GET /me/suggestions': [
    {
      title: 'where somebody followed follows the target',
      path: () => '/me/suggestions',
      outcome: signedIn(),
      names: (kind) => knows(kind) && !isFollower(kind) && !kind.asks && !kind.self,
    },
  ],
  'GET /{userId}/mutuals': [
    { title: '', path: (s) => `/${s.target.id}/mutuals`, outcome: signedIn(where(knows)) },
    {
      title: 'with a third user who follows the target',
      path: (s) => `/${s.host.id}/mutuals`,
      outcome: signedIn(),
      names: (kind) => knows(kind) && kind.follows === 'publicly',
    },
  ],
  'GET /{userId}/followers-you-know': [
    { title: '', path: (s) => `/${s.target.id}/followers-you-know`, outcome: signedIn(where(knows)) },
    {
      title: 'of a third user whom the target follows',
      path: (s) => `/${s.host.id}/followers-you-know`,
      outcome: signedIn(),
      names: (kind) => knows(kind) && isFollower(kind),
    },
  ],
  'GET /lookup': [
    {
      title: '',
      path: (s) => `/lookup?handle=${s.target.handle}`,
      outcome: anybody((kind) => (kind.blocks ? 'ok' : where(knows)(kind))),
    },
  ],

  'GET /{userId}/notifications': [
    { title: '', path: (s) => `/${s.target.id}/notifications`, outcome: targetAlone },
    {
      title: "one's own, of what the target did",
      path: () => '/me/notifications',
      outcome: signedIn(),
      names: (kind) => reads(kind) && !kind.mutes && !kind.self,
    },
  ],
  'POST /{userId}/notifications/read': [
    {
      title: '',
      path: (s) => `/${s.target.id}/notifications/read`,
      body: () => ({ upTo: '1' }),
      outcome: targetAlone,
    },
  ],
  'GET /{userId}/notification-settings': [
    { title: '', path: (s) => `/${s.target.id}/notification-settings`, outcome: targetAlone },
  ],
  'PUT /{userId}/notification-settings': [
    {
      title: '',
      path: (s) => `/${s.target.id}/notification-settings`,
      body: () => ({ types: {} }),
      outcome: targetAlone,
    },
  ],
  'POST /bell': post(
    '',
    ({ target }) => ({ userId: target.id, level: 'all' }),
    onUser('invalid_request'),
    '/bell',
  ),
  'POST /muteThread': post('', tweetBody, onTweet(), '/muteThread'),
  'DELETE /muteThread/{tweetId}': [
    { title: '', path: (s) => `/muteThread/${s.tweetId}`, outcome: signedIn() },
  ],
  'POST /report': [
    {
      title: "of the target's tweet",
      path: () => '/report',
      body: ({ tweetId }) => ({ tweetId, reason: 'x' }),
      outcome: onTweet(),
    },
    {
      title: "of the target's comment",
      path: () => '/report',
      body: ({ commentId }) => ({ commentId, reason: 'x' }),
      outcome: onTweet(),
    },
    {
      title: 'of the target',
      path: () => '/report',
      body: ({ target }) => ({ userId: target.id, reason: 'x' }),
      // A user may report somebody whom they block.
      outcome: signedIn((kind) => (kind.blocks ? 'ok' : onUser('ok')(kind))),
    },
  ],
  'GET /moderation/reports': [
    { title: '', path: () => '/moderation/reports', outcome: signedIn(always('forbidden')) },
  ],
  'POST /moderation/reports/{reportId}': [
    {
      title: '',
      path: () => '/moderation/reports/1',
      body: () => ({ act: 'dismiss', reason: 'x' }),
      outcome: signedIn(always('forbidden')),
    },
  ],
  'POST /media': [{ title: '', path: () => '/media', body: ({ picture }) => picture(), outcome: signedIn() }],
  'GET /media/{name}': [{ title: '', path: (s) => `/media/${s.image}`, outcome: anybody(where(reads)) }],
  'GET /stream': [{ title: '', path: () => '/stream', outcome: signedIn() }],
};
