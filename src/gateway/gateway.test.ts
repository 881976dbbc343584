import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Api, openApi, type Someone, T0 } from './testing/gateway.ts';

const iso = (time_ms: number) => new Date(time_ms).toISOString();

describe('the API', () => {
  let api: Api;
  let ada: Someone;
  let bob: Someone;
  let cy: Someone;
  before(async () => {
    api = await openApi();
    ada = await api.someone('ada');
    bob = await api.someone('bob');
    cy = await api.someone('cy');
  });
  after(async () => {
    await api.close();
  });
  const post = async (who: Someone, content: string) => {
    const { body, status } = await who.post('/postTweet', { content });
    assert.equal(status, 200);
    return body.tweetId as string;
  };

  test('a profile is set by either name of its call, field by field, and cleared by null or ""', async () => {
    assert.deepEqual((await ada.post(`/${ada.id}/profile`, { name: 'Ada', bio: 'Counts' })).body, {
      status: 200,
      time: iso(T0),
    });
    await ada.put('/me/profile', { userId: ada.id, bio: null });
    const { body } = await bob.get(`/${ada.id}/profile`);
    assert.deepEqual(body, {
      userId: ada.id,
      handle: 'ada',
      name: 'Ada',
      bio: '',
      picture: '',
      pictureUrl: null,
      protected: false,
      followers: [],
      followersCursor: null,
      tweets: [],
      tweetsCursor: null,
      followerCount: 0,
      followingCount: 0,
      tweetCount: 0,
      viewer: {
        following: false,
        followedBy: false,
        requested: false,
        blocking: false,
        muting: false,
        bell: 'default',
      },
      users: {},
    });
    assert.equal((await api.anybody.get(`/${ada.id}/profile`)).body.viewer, null);
    assert.equal((await ada.post('/me/profile', { name: '' })).status, 200);
    assert.equal((await ada.get('/me/profile')).body.name, '');
    await ada.post('/me/profile', { name: 'Ada' });
  });

  test('only oneself sets a profile, and only oneself acts', async () => {
    assert.equal((await ada.post(`/${bob.id}/profile`, { name: 'x' })).body.code, 'forbidden');
    assert.equal((await ada.post('/me/profile', { userId: bob.id, name: 'x' })).body.code, 'forbidden');
    for (const [path, body] of [
      ['/postTweet', { content: 'x', userId: bob.id }],
      ['/like', { tweetId: '1', userId: bob.id }],
      ['/repost', { tweetId: '1', userId: bob.id }],
      ['/comment', { tweetId: '1', userId: bob.id, content: 'x' }],
    ] as const) {
      const { status, body: problem } = await ada.post(path, body);
      assert.equal(status, 403, path);
      assert.equal(problem.errors[0].pointer, '#/userId');
    }
  });

  test('a tweet is posted, read by everybody, found in a home, and deleted everywhere', async () => {
    assert.equal((await bob.post('/follow', { userId: ada.id })).body.state, 'following');
    const content = 'Hello @bob and @nobody_here, see https://example.com #first 👩‍👩‍👧‍👦';
    const tweetId = await post(ada, content);
    const { body: tweet } = await api.anybody.get(`/tweets/${tweetId}`);
    assert.equal(tweet.content, content);
    assert.deepEqual(tweet.users, { [ada.id]: { handle: 'ada', name: 'Ada', pictureUrl: null } });
    assert.deepEqual(
      tweet.entities.mentions.map(({ handle, userId }: { handle: string; userId: string }) => [
        handle,
        userId,
      ]),
      [
        ['bob', bob.id],
        ['nobody_here', null],
      ],
    );
    assert.equal(tweet.entities.hashtags[0].tag, 'first');
    assert.equal(tweet.entities.links.length, 1);
    assert.equal(tweet.viewer, null);

    await api.settle();
    const home = (await bob.get('/me/tweets?followed=true')).body;
    assert.deepEqual(home.tweets[0].tweetId, tweetId);
    assert.deepEqual(home.tweets[0].viewer, { liked: false, reposted: false });
    assert.equal(home.nextCursor, null);
    assert.deepEqual((await ada.get(`/${ada.id}/tweets?followed=true`)).body.tweets, []);
    assert.equal((await ada.get('/me/tweets?followed=true&own=true')).body.tweets[0].tweetId, tweetId);

    assert.equal((await bob.delete(`/tweets/${tweetId}`)).body.code, 'forbidden');
    assert.equal((await ada.delete(`/tweets/${tweetId}`)).status, 200);
    assert.equal((await ada.delete(`/tweets/${tweetId}`)).status, 200, 'again');
    assert.equal((await bob.delete(`/tweets/${tweetId}`)).status, 404);
    assert.equal((await ada.get(`/tweets/${tweetId}`)).status, 404);
    assert.deepEqual((await bob.get('/me/tweets?followed=true')).body.tweets, []);
    assert.deepEqual((await bob.get(`/${ada.id}/tweets`)).body.tweets, []);
    assert.equal((await bob.put(`/follow/${ada.id}`, { reposts: false })).status, 200);
    assert.equal((await ada.delete(`/me/followers/${bob.id}`)).status, 200);
    assert.deepEqual((await ada.get('/me/followers')).body.followers, []);
    assert.deepEqual((await bob.get(`/users?ids=${cy.id},${ada.id}`)).body.userIds, [cy.id, ada.id]);
  });

  test('the same idempotency key and body give the same response, once; another body 409', async () => {
    const headers = { 'idempotency-key': 'my key ~1' };
    const first = await ada.post('/postTweet', { content: 'once' }, headers);
    api.clock.advance(5);
    const again = await ada.post('/postTweet', { images: [], userId: ada.id, content: 'once' }, headers);
    assert.deepEqual(again.body, first.body);
    const other = await ada.post('/postTweet', { content: 'twice' }, headers);
    assert.equal(other.body.code, 'idempotency_mismatch');
    assert.equal((await bob.post('/postTweet', { content: 'mine' }, headers)).status, 200, 'per user');
    const { tweetId } = first.body;
    const comment = await ada.post('/comment', { tweetId, content: 'once' }, headers);
    assert.equal(comment.status, 200, 'per route');
    assert.deepEqual((await ada.post('/comment', { tweetId, content: 'once' }, headers)).body, comment.body);
    assert.equal((await ada.get(`/tweets/${tweetId}`)).body.commentCount, 1);
    assert.equal((await ada.get('/me/profile')).body.tweetCount, 1);
    await ada.delete(`/tweets/${tweetId}`);
  });

  test('likes, comments and reposts count, show, list and go', async () => {
    const tweetId = await post(ada, 'engage');
    for (let time = 0; time < 2; time++) {
      assert.equal((await bob.post('/like', { tweetId })).status, 200);
      assert.equal((await bob.post('/repost', { tweetId, userId: bob.id })).status, 200);
    }
    const { commentId } = (await bob.post('/comment', { tweetId, content: ' nice ' })).body;
    const { body } = await bob.get(`/tweets/${tweetId}`);
    assert.deepEqual([body.likeCount, body.commentCount, body.repostCount], [1, 1, 1]);
    assert.deepEqual(body.viewer, { liked: true, reposted: true });
    assert.equal(body.likes[0].userId, bob.id);
    assert.deepEqual(
      body.comments.map(({ content }: { content: string }) => content),
      ['nice'],
    );
    const likes = (await api.anybody.get(`/tweets/${tweetId}/likes`)).body;
    assert.equal(likes.likes[0].userId, bob.id);
    assert.equal(likes.users[bob.id].handle, 'bob');
    assert.equal((await cy.get(`/tweets/${tweetId}/reposts`)).body.reposts[0].userId, bob.id);
    assert.equal((await cy.get(`/tweets/${tweetId}/comments`)).body.comments[0].commentId, commentId);

    assert.equal((await cy.delete(`/tweets/${tweetId}/comments/${commentId}`)).status, 403);
    assert.equal((await ada.get(`/tweets/${commentId}`)).status, 404, 'a comment is no tweet');
    assert.equal((await ada.post('/like', { tweetId: commentId })).status, 404);
    assert.equal((await bob.delete(`/tweets/${commentId}`)).status, 404);
    assert.equal(
      (await ada.delete(`/tweets/${tweetId}/comments/${commentId}`)).status,
      200,
      "the tweet's author",
    );
    assert.equal((await bob.delete(`/tweets/${tweetId}/comments/${commentId}`)).status, 200, 'again');
    for (let time = 0; time < 2; time++) {
      assert.equal((await bob.delete(`/like/${tweetId}`)).status, 200);
      assert.equal((await bob.delete(`/repost/${tweetId}`)).status, 200);
    }
    const gone = (await bob.get(`/tweets/${tweetId}`)).body;
    assert.deepEqual([gone.likeCount, gone.commentCount, gone.repostCount], [0, 0, 0]);
    await ada.delete(`/tweets/${tweetId}`);
  });

  test('undoing what is not there is a success, for any well-formed id', async () => {
    for (const id of ['1', '4294967296', '9999999999999999', cy.id]) {
      for (const path of ['follow', 'like', 'repost', 'block', 'mute', 'muteThread', 'sessions']) {
        assert.equal((await cy.delete(`/${path}/${id}`)).status, 200, `${path}/${id}`);
      }
    }
  });

  test('lists go on by cursor to their end, and a profile hands over to them', async () => {
    const fans = await Promise.all(Array.from({ length: 5 }, (_, i) => api.someone(`fan${i}`)));
    for (const fan of fans) {
      await fan.post('/follow', { userId: cy.id });
      api.clock.advance(1);
    }
    const newestFirst = fans.map(({ id }) => id).reverse();
    const collected: string[] = [];
    let path = `/${cy.id}/followers?limit=2`;
    for (;;) {
      const { body } = await ada.get(path);
      collected.push(...body.followers);
      for (const id of body.followers) assert.ok(body.users[id]);
      if (body.nextCursor === null) break;
      path = `/${cy.id}/followers?limit=2&cursor=${body.nextCursor}`;
    }
    assert.deepEqual(collected, newestFirst);
    assert.deepEqual((await ada.get(`/${cy.id}/profile`)).body.followers, newestFirst);

    const { nextCursor } = (await ada.get(`/${cy.id}/followers?limit=2`)).body;
    for (const [who, elsewhere] of [
      [bob, `/${cy.id}/followers`],
      [api.anybody, `/${cy.id}/followers`],
      [ada, `/${cy.id}/following`],
      [ada, `/${bob.id}/followers`],
      [ada, `/${cy.id}/tweets`],
      [ada, '/me/blocks'],
      [ada, '/tweets'],
    ] as const) {
      const { status, body } = await who.get(`${elsewhere}?cursor=${nextCursor}`);
      assert.deepEqual([status, body.code], [400, 'invalid_cursor'], elsewhere);
    }
  });

  test('a private follow is marked in its own list, and shows nowhere else', async () => {
    assert.equal((await bob.post('/follow', { userId: cy.id, private: true })).body.state, 'following');
    const own = (await bob.get('/me/following')).body;
    assert.deepEqual([own.following, own.private], [[cy.id], [cy.id]]);
    for (const who of [ada, cy, api.anybody]) {
      const seen = (await who.get(`/${bob.id}/following`)).body;
      assert.deepEqual([seen.following, seen.private], [[], undefined]);
      assert.ok(!(await who.get(`/${cy.id}/followers`)).body.followers.includes(bob.id));
      assert.equal((await who.get(`/${cy.id}/profile`)).body.followerCount, 5);
    }
    await bob.delete(`/follow/${cy.id}`);
  });

  test('a protected account is asked, answers, and hides its tweets', async () => {
    const eve = await api.someone('eve');
    const tweetId = await post(eve, 'for friends');
    await eve.post('/me/profile', { protected: true });
    assert.equal(
      (await bob.post('/follow', { userId: eve.id, private: true })).body.code,
      'protected_account',
    );
    assert.equal((await bob.post('/follow', { userId: eve.id })).body.state, 'requested');
    assert.equal((await bob.get(`/${eve.id}/profile`)).body.viewer.requested, true);
    assert.deepEqual((await bob.get(`/${eve.id}/profile`)).body.tweets, []);
    assert.equal((await bob.get(`/tweets/${tweetId}`)).status, 404);
    assert.deepEqual((await eve.get('/me/follow-requests')).body.requests, [bob.id]);
    assert.equal((await eve.post(`/me/follow-requests/${bob.id}`, { approve: true })).status, 200);
    assert.equal((await bob.get(`/tweets/${tweetId}`)).status, 200);
    assert.deepEqual((await bob.get(`/${eve.id}/profile`)).body.tweets, [tweetId]);
    assert.equal((await bob.post('/repost', { tweetId })).body.code, 'forbidden');
    assert.equal((await bob.post('/follow', { userId: bob.id })).body.code, 'cannot_follow_self');
  });

  test('between two who blocked all is hidden, but for the head that the blocker keeps', async () => {
    const max = await api.someone('max');
    const tweetId = await post(max, 'before the block');
    assert.equal((await ada.post('/block', { userId: max.id })).status, 200);
    const head = (await ada.get(`/${max.id}/profile`)).body;
    assert.deepEqual([head.handle, head.tweets, head.viewer.blocking], ['max', [], true]);
    assert.deepEqual((await ada.get('/me/blocks')).body.blocks, [max.id]);
    assert.equal((await ada.get('/me/blocks')).body.users[max.id].handle, 'max');
    assert.equal((await ada.get('/lookup?handle=MAX')).body.userId, max.id);
    assert.equal((await ada.get(`/tweets/${tweetId}`)).status, 404);
    for (const path of [`/${ada.id}/profile`, `/${ada.id}/followers`, '/lookup?handle=ada']) {
      assert.equal((await max.get(path)).status, 404, path);
    }
    await ada.delete(`/block/${max.id}`);
    assert.equal((await max.get(`/${ada.id}/profile`)).status, 200);
    await ada.post('/mute', { userId: max.id });
    assert.deepEqual((await ada.get('/me/mutes')).body.mutes, [max.id]);
    assert.equal((await ada.get(`/${max.id}/profile`)).body.viewer.muting, true);
    await ada.delete(`/mute/${max.id}`);
  });

  test('users are told, mark as read, and choose how they are told', async () => {
    const tweetId = await post(cy, 'tell me');
    await ada.post('/like', { tweetId });
    await ada.post('/comment', { tweetId, content: 'hello' });
    await api.settle(1_000);
    const { body } = await cy.get(`/${cy.id}/notifications`);
    const told = body.notifications.find(({ type }: { type: string }) => type === 'like');
    assert.deepEqual(told.actors, [ada.id]);
    assert.equal(told.tweetId, tweetId);
    assert.equal(body.users[ada.id].handle, 'ada');
    assert.ok(body.unread >= 2);
    const read = await cy.post('/me/notifications/read', { upTo: body.notifications[0].id });
    assert.equal(read.body.unread, 0);
    assert.equal((await ada.get(`/${cy.id}/notifications`)).body.code, 'forbidden');

    const defaults = (await cy.get('/me/notification-settings')).body.types;
    assert.deepEqual(defaults.like, { audience: 'everyone', channels: { inApp: true } });
    const changed = (await cy.put('/me/notification-settings', { types: { like: { audience: 'nobody' } } }))
      .body;
    assert.deepEqual(changed.types, { ...defaults, like: { audience: 'nobody', channels: { inApp: true } } });
    assert.equal((await cy.put('/me/notification-settings', { types: { dance: {} } })).status, 400);
    assert.equal((await cy.get(`/${ada.id}/notification-settings`)).status, 403);

    await cy.post('/bell', { userId: ada.id, level: 'all' });
    assert.equal((await cy.get(`/${ada.id}/profile`)).body.viewer.bell, 'all');
    assert.equal((await cy.post('/muteThread', { tweetId })).status, 200);
    assert.equal((await cy.delete(`/muteThread/${tweetId}`)).status, 200);
  });

  test('a mark far beyond now does not hide what is yet to come', async () => {
    await cy.put('/me/notification-settings', { types: { like: { audience: 'everyone' } } });
    assert.equal((await cy.post('/me/notifications/read', { upTo: '9999999999999999' })).body.unread, 0);
    api.clock.advance(5_000);
    const tweetId = await post(cy, 'still told');
    await bob.post('/like', { tweetId });
    await api.settle(1_000);
    assert.equal((await cy.get('/me/notifications')).body.unread, 1);
  });

  test('top lists rank, page by cursor, and those of a home come at once', async () => {
    const star = await api.someone('star');
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push(await post(star, `hit ${i}`));
    for (const [who, count] of [
      [ada, 3],
      [bob, 2],
      [cy, 1],
    ] as const) {
      for (const tweetId of ids.slice(0, count)) await who.post('/like', { tweetId });
      await who.post('/follow', { userId: star.id });
    }
    await api.settle(2_000);
    const first = (await api.anybody.get('/tweets?window=24h&limit=2')).body;
    assert.deepEqual(
      first.tweets.map(({ tweetId }: { tweetId: string }) => tweetId),
      ids.slice(0, 2),
    );
    const second = (await api.anybody.get(`/tweets?window=24h&limit=2&cursor=${first.nextCursor}`)).body;
    assert.ok(second.tweets.every(({ likeCount }: { likeCount: number }) => likeCount <= 2));
    assert.ok(!second.tweets.some(({ tweetId }: { tweetId: string }) => ids.slice(0, 2).includes(tweetId)));
    const other = await api.anybody.get(`/tweets?window=7d&limit=2&cursor=${first.nextCursor}`);
    assert.equal(other.body.code, 'invalid_cursor');
    const home = (await ada.get('/me/tweets?followed=true&order=top&k=2&window=7d')).body;
    assert.deepEqual(
      home.tweets.map(({ tweetId }: { tweetId: string }) => tweetId),
      ids.slice(0, 2),
    );
    assert.equal(home.nextCursor, null);
    const pages: string[] = [];
    let path = '/me/tweets?followed=true&limit=1';
    for (;;) {
      const { body } = await ada.get(path);
      pages.push(...body.tweets.map(({ tweetId }: { tweetId: string }) => tweetId));
      if (body.nextCursor === null) break;
      path = `/me/tweets?followed=true&limit=1&cursor=${body.nextCursor}`;
    }
    assert.deepEqual(pages, [...ids].reverse());
  });

  test('the graph is asked about by those who are signed in', async () => {
    await ada.post('/follow', { userId: bob.id });
    await cy.post('/follow', { userId: bob.id });
    await bob.post('/follow', { userId: ada.id });
    await api.settle();
    assert.equal((await ada.get(`/${cy.id}/mutuals`)).body.mutuals.includes(bob.id), true);
    assert.equal((await api.anybody.get(`/${cy.id}/mutuals`)).status, 401);
    const known = (await ada.get(`/${cy.id}/followers-you-know`)).body;
    assert.ok(Array.isArray(known.followersYouKnow));
    const { suggestions, users } = (await ada.get('/me/suggestions?limit=5')).body;
    for (const { userId, via } of suggestions) for (const id of [userId, ...via]) assert.ok(users[id]);
  });

  test('what is reported is listed for moderators, and resolved', async () => {
    const { body } = await bob.post('/report', { userId: cy.id, reason: 'x' });
    const actor = { by: 'root', from: 'here', reason: 'x' };
    await api.administration.setModerator({ userId: Number(ada.id), moderator: true, ...actor });
    await ada.post(`/moderation/reports/${body.reportId}`, { act: 'dismiss', reason: 'y' });
    const { reports } = (await ada.get('/moderation/reports?state=resolved')).body;
    assert.equal(reports[0].resolution.by, ada.id);
  });

  test('every call was answered with success at least once, as the OpenAPI document says', () => {
    const elsewhere = [
      'uploadMedia',
      'getMedia',
      'openStream',
      'logOut',
      'logIn',
      'changePassword',
      'removeAccount',
      'listSessions',
      'getAccount',
    ];
    const missing = Object.values(api.document.paths)
      .flatMap((path) => Object.values(path))
      .map(({ operationId }) => operationId as string)
      .filter((name) => !elsewhere.includes(name) && api.conformance.seen.get(name)?.has(200) !== true);
    assert.deepEqual(missing, []);
    assert.deepEqual(
      api.logged.filter((fields) => 'err' in fields),
      [],
    );
  });
});
