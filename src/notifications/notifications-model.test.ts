/**
 * Random users against a plain model: after whatever they did, everybody's list, its pages, its unread count and
 * its read flags are what the facts and the decisions at the time of each act say. Acts, undoing, muting and read
 * markers happen at any moment between two folds; what a fold decides by (settings, bells, follows, muted threads)
 * changes when the fold has caught up.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AccountNotice } from '#accounts/accounts.ts';
import { isWarbleError } from '#domain/errors.ts';
import { type BellLevel, NOTIFICATION_TYPES } from '#domain/names.ts';
import type { ProfileView } from '#domain/records.ts';
import { canReadUser, canSeeUser } from '#domain/visibility.ts';
import type { NotificationsSnapshot, NotificationView } from './notifications.ts';
import type { Notification } from './notifications-store.ts';
import { createWorld, type World } from './testing/notifications.ts';

const USERS = [1, 2, 3, 4];
const RUNS = 60;

interface Command {
  deed: number;
  actor: number;
  other: number;
  which: number;
  how: number;
}
const commands = fc.array(
  fc.record<Command>({
    deed: fc.nat(30),
    actor: fc.constantFrom(...USERS),
    other: fc.constantFrom(...USERS),
    which: fc.nat(1_000),
    how: fc.nat(1_000),
  }),
  { minLength: 10, maxLength: 60 },
);

test('everybody is told what the model says', async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (script) => {
      const world = createWorld();
      await world.users(...USERS);
      const model = createModel(world);
      for (const command of script) await model.run(command);
      await model.check();
    }),
    { numRuns: RUNS },
  );
});

function createModel(world: World) {
  const tweets: { id: number; author: number }[] = [];
  const comments: { id: number; tweetId: number; author: number }[] = [];
  /** Everything that somebody wanted to be told, whether or not it still stands. */
  const told: Notification[] = [];
  /** What each marker covers: all that had been folded by then, at or below it. */
  const markers = new Map<number, { upTo: number; folded: ReadonlySet<Notification> }[]>(
    USERS.map((userId) => [userId, []]),
  );
  let folded: ReadonlySet<Notification> = new Set();
  const bells = new Map<string, BellLevel>();
  const mutedThreads = new Set<string>();
  const notices: (AccountNotice & { userId: number })[] = [];

  async function follows(follower: number, followee: number) {
    const [edge] = await world.social.follows({ pairs: [{ follower, followee }] });
    return edge;
  }
  async function wants({ recipient, type, actor, tweetId }: Notification): Promise<boolean> {
    const { audience, channels } = (await world.notifications.settings({ userId: recipient }))[type];
    if (!channels.inApp || audience === 'nobody' || mutedThreads.has(`${recipient}/${tweetId}`)) return false;
    if (audience === 'everyone' && type !== 'tweet') return true;
    return (await follows(recipient, actor)) !== undefined;
  }
  async function notify(...candidates: Notification[]): Promise<void> {
    for (const notification of candidates) {
      if (
        notification.recipient === notification.actor ||
        told.some((each) => each.id === notification.id && each.recipient === notification.recipient)
      )
        continue;
      if (await wants(notification)) told.push(notification);
    }
  }

  /** Follows and requests that are new since this was last asked. */
  async function tellOfFollows(): Promise<void> {
    for (const recipient of USERS) {
      const about = { recipient, tweetId: null, commentId: null };
      const { items } = await world.social.followRequests({ userId: recipient, before: null, limit: 100 });
      for (const { id, userId } of items)
        await notify({ ...about, id, type: 'followRequest', actor: userId });
      for (const actor of USERS) {
        const edge = await follows(actor, recipient);
        if (edge?.private === false) await notify({ ...about, id: edge.id, type: 'follow', actor });
      }
    }
  }

  async function post(author: number, mentioned: number): Promise<void> {
    const id = await world.post(author, `hello @p${mentioned}`);
    tweets.push({ id, author });
    const about = { id, tweetId: id, commentId: null, actor: author };
    await notify({ ...about, recipient: mentioned, type: 'mention' });
    for (const recipient of USERS) {
      if (bells.get(`${recipient}/${author}`) === 'all') await notify({ ...about, recipient, type: 'tweet' });
    }
  }

  async function engage(type: 'like' | 'repost', actor: number, tweet: { id: number; author: number }) {
    await (type === 'like' ? world.like(actor, tweet.id) : world.repost(actor, tweet.id));
    const list = { tweetId: tweet.id, viewer: actor, before: null, limit: 100 };
    const { items } = await (type === 'like' ? world.engagement.likes(list) : world.engagement.reposts(list));
    const { id } = items.find(({ userId }) => userId === actor)!;
    await notify({ recipient: tweet.author, id, type, tweetId: tweet.id, commentId: null, actor });
  }

  async function comment(actor: number, tweet: { id: number; author: number }, mentioned: number) {
    const id = await world.comment(actor, tweet.id, `well @p${mentioned}`);
    comments.push({ id, tweetId: tweet.id, author: actor });
    const about = { id, tweetId: tweet.id, commentId: id, actor };
    await notify(
      { ...about, recipient: tweet.author, type: 'comment' },
      { ...about, recipient: mentioned, type: 'mention' },
    );
  }

  async function marker(userId: number, which: number): Promise<void> {
    const ids = [...told, ...tweets, ...notices].map(({ id }) => id).sort((a, b) => a - b);
    if (ids.length === 0) return;
    const upTo = ids[which % ids.length]!;
    await world.notifications.markRead({ userId, upTo });
    markers.get(userId)!.push({ upTo, folded });
  }

  async function notice({ actor, how }: Command): Promise<void> {
    const type = how % 2 === 0 ? 'signIn' : 'passwordChanged';
    notices.push({ userId: actor, type, id: await world.notice(actor, type) });
  }

  async function settle(): Promise<void> {
    await world.settle();
    folded = new Set(told);
  }

  /** What made somebody's notification be read: a marker, or a time in which its actor was hidden; undefined: nothing. */
  async function readBy(notification: Notification): Promise<string | undefined> {
    const { recipient, actor, id } = notification;
    const { periods } = await world.social.hiddenPeriods({ viewer: recipient });
    const period = periods.find(({ userId, since, until }) => userId === actor && since < id && id < until);
    if (period !== undefined) return `hidden ${period.since}`;
    const marker = markers
      .get(recipient)!
      .findIndex(({ upTo, folded: had }) => id <= upTo && had.has(notification));
    return marker < 0 ? undefined : `marker ${marker}`;
  }

  async function decide({ deed, actor, other, which, how }: Command): Promise<void> {
    const { notifications } = world;
    const tweet = tweets[which % Math.max(tweets.length, 1)];
    await settle();
    if (deed === 18 || deed === 19) await world.follow(actor, other, deed === 19);
    else if (deed === 20) await world.unfollow(actor, other);
    else if (deed === 21) await world.protect(actor, how % 2 === 0);
    else if (deed === 22) await world.answer(actor, other, how % 2 === 0);
    else if (deed === 23) await (how % 3 > 0 ? world.unblock(actor, other) : world.block(actor, other));
    else if (deed === 24 || deed === 25) {
      const audience = (['everyone', 'following', 'nobody'] as const)[how % 3]!;
      const change = how % 4 === 3 ? { channels: { inApp: how % 8 === 3 } } : { audience };
      const type = NOTIFICATION_TYPES[which % NOTIFICATION_TYPES.length]!;
      await notifications.changeSettings({ userId: actor, changes: { [type]: change } });
    } else if ((deed === 26 || deed === 27) && tweet !== undefined) {
      const request = { userId: actor, tweetId: tweet.id };
      if (how % 2 === 0) await notifications.unmuteThread(request);
      else await notifications.muteThread(request);
      if (how % 2 === 0) mutedThreads.delete(`${actor}/${tweet.id}`);
      else mutedThreads.add(`${actor}/${tweet.id}`);
    } else if (deed >= 28) {
      const level = (['all', 'default', 'off', 'all'] as const)[how % 4]!;
      await notifications.setBell({ userId: actor, other, level });
      bells.set(`${actor}/${other}`, level);
    }
    await tellOfFollows();
  }

  async function act({ deed, actor, other, which, how }: Command): Promise<void> {
    const tweet = tweets[which % Math.max(tweets.length, 1)];
    const said = comments[which % Math.max(comments.length, 1)];
    if (deed < 3 || tweet === undefined) await post(actor, other);
    else if (deed < 6) await engage('like', actor, tweet);
    else if (deed === 6) await engage('repost', actor, tweet);
    else if (deed < 9) await comment(actor, tweet, other);
    else if (deed === 9) await world.unlike(actor, tweet.id);
    else if (deed === 10) await world.unrepost(actor, tweet.id);
    else if (deed === 11 && said !== undefined) {
      await world.removeComment(said.author, said.tweetId, said.id);
    } else if (deed === 12 && how % 2 === 0) await world.remove(tweet.author, tweet.id);
    else if (deed === 13) await (how % 2 ? world.mute(actor, other) : world.unmute(actor, other));
    else if (deed < 16) await marker(actor, which);
    else if (deed === 16) await settle();
    else if (deed === 17) await check();
  }

  async function visible(userId: number): Promise<Notification[]> {
    const mine = told.filter(({ recipient }) => recipient === userId);
    const views = new Map<number, ProfileView>();
    for (const view of await world.social.view({ viewer: userId, userIds: USERS }))
      views.set(view.userId, view);
    const ids = [...new Set(mine.flatMap(({ tweetId, commentId }) => [tweetId ?? 0, commentId ?? 0]))];
    const texts = await world.tweets.get({ ids });
    const authors = new Map(texts.map(({ id, author }) => [id, author]));
    const { ids: active } = await world.engagement.active({ ids: mine.map(({ id }) => id) });
    const requests = await world.social.followRequests({ userId, before: null, limit: 100 });
    const mayRead = (author: number | undefined) =>
      author === userId || (author !== undefined && canReadUser(views.get(author)!, userId));
    return mine.filter(({ id, type, actor, tweetId, commentId }) => {
      const view = views.get(actor)!;
      if (!canSeeUser(view) || view.muting) return false;
      if (type === 'follow') return view.followedBy;
      if (type === 'followRequest') return requests.items.some((row) => row.id === id);
      if (!mayRead(actor) || !mayRead(authors.get(tweetId!))) return false;
      if (commentId !== null && !authors.has(commentId)) return false;
      if (type === 'tweet') return view.following;
      return type === 'mention' && commentId === null ? true : active.includes(id);
    });
  }

  async function newTweets(userId: number): Promise<Notification[]> {
    const settings = await world.notifications.settings({ userId });
    if (settings.tweet.audience === 'nobody' || !settings.tweet.channels.inApp) return [];
    const marker = Math.max(0, ...markers.get(userId)!.map(({ upTo }) => upTo));
    const { periods } = await world.social.hiddenPeriods({ viewer: userId });
    const found: Notification[] = [];
    for (const { id, author } of tweets) {
      const [text] = await world.tweets.get({ ids: [id] });
      const [view] = await world.social.view({ viewer: userId, userIds: [author] });
      const edge = await follows(userId, author);
      const apart = told.some((notification) => notification.recipient === userId && notification.id === id);
      if (text === undefined || edge === undefined || view!.muting || !canSeeUser(view!)) continue;
      if (id <= marker || id < edge.id || apart) continue;
      if ((bells.get(`${userId}/${author}`) ?? 'default') !== 'default') continue;
      if (periods.some((one) => one.userId === author && one.since < id && id < one.until)) continue;
      found.push({ recipient: userId, id, type: 'tweet', tweetId: id, commentId: null, actor: author });
    }
    return found;
  }

  async function expected(userId: number) {
    const groups = new Map<string, { members: Notification[]; read: boolean }>();
    const put = (key: string, notification: Notification, read: boolean) =>
      groups.set(key, { members: [notification, ...(groups.get(key)?.members ?? [])], read });
    for (const notification of (await visible(userId)).sort((a, b) => a.id - b.id)) {
      const grouping = ['like', 'repost', 'follow'].includes(notification.type);
      const by = await readBy(notification);
      put(
        grouping ? `${notification.type} ${notification.tweetId} ${by}` : `${notification.id}`,
        notification,
        by !== undefined,
      );
    }
    for (const notification of await newTweets(userId)) put('tweets', notification, false);
    const shown = [...groups.values()].map(({ members, read }) => {
      const actors = [...new Set(members.map(({ actor }) => actor))];
      const { id, type, tweetId, commentId } = members[0]!;
      return { id, type, actors, actorCount: actors.length, tweetId, commentId, read };
    });
    const upTo = Math.max(0, ...markers.get(userId)!.map((marker) => marker.upTo));
    const own = notices.filter((notice) => notice.userId === userId);
    const about = { actors: [], actorCount: 0, tweetId: null, commentId: null };
    const noticed = own.map(({ id, type }) => ({ id, type, ...about, read: id <= upTo }));
    return [...shown, ...noticed].sort((a, b) => b.id - a.id);
  }

  async function pageThrough(userId: number, limit: number): Promise<NotificationView[]> {
    const notifications: NotificationView[] = [];
    let before: number | null = null;
    let going: NotificationsSnapshot | null = null;
    do {
      const page: Awaited<ReturnType<World['notifications']['list']>> = await world.notifications.list({
        userId,
        before,
        limit,
        snapshot: going,
      });
      notifications.push(...page.notifications);
      ({ next: before, snapshot: going } = page);
    } while (before !== null);
    return notifications;
  }

  async function check(): Promise<void> {
    await settle();
    for (const userId of USERS) {
      const lines = await expected(userId);
      const page = await world.notifications.list({ userId, before: null, limit: 100 });
      assert.deepEqual(
        page.notifications.map(({ time: _, ...notification }) => notification),
        lines,
        `what ${userId} is told`,
      );
      const unread = lines.filter(({ read }) => !read).length;
      assert.equal(page.unread, unread);
      assert.equal(await world.unread(userId), unread);
      assert.deepEqual(await pageThrough(userId, 2), page.notifications);
      for (const notification of page.notifications.slice(0, 3)) {
        const shown = await world.notifications.get({ userId, id: notification.id });
        assert.deepEqual(shown.notification, notification);
      }
    }
  }

  return {
    check,
    async run(command: Command): Promise<void> {
      try {
        if (command.deed === 30) return await notice(command);
        await (command.deed >= 18 ? decide(command) : act(command));
      } catch (error) {
        // What users may not do, they did not do.
        if (!isWarbleError(error)) throw error;
      }
    },
  };
}
