/** The view under crashes, redelivery, two owners and rebuilds, against a plain computation over the services. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLane } from '#platform/lane.ts';
import type { Random } from '#platform/random.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { describeView, type ViewHarness } from '#queue/view.conformance.ts';
import { createServices, type Services } from '#test/support/services.ts';
import { NO_ACCOUNT_NOTICES } from './account-notices.ts';
import { createCandidateSource } from './candidates.ts';
import { createReading } from './notifications-reading.ts';
import type { Notification, NotificationsPatch, OpenedNotificationsStore } from './notifications-store.ts';
import { createNotificationsView } from './notifications-view.ts';
import { createPreferences } from './preferences.ts';
import { createMemoryNotificationsBackend } from './stores/memory.ts';
import { openSqliteNotificationsStore } from './stores/sqlite.ts';
import { headline } from './testing/notifications.ts';

const USERS = [1, 2, 3, 4, 5, 6];

interface Backend {
  open(faults?: CommitFaults): OpenedNotificationsStore;
  remove(): void;
}

describeView('of notifications on SQLite', () => {
  const directory = mkdtempSync(join(tmpdir(), 'warble-notifications-'));
  const path = join(directory, 'notifications.db');
  return harnessOn({
    open: (faults) => openSqliteNotificationsStore({ path, ...(faults === undefined ? {} : { faults }) }),
    remove: () => rmSync(directory, { recursive: true }),
  });
});

describeView('of notifications in memory', () =>
  harnessOn({ ...createMemoryNotificationsBackend(), remove() {} }),
);

async function harnessOn(backend: Backend): Promise<ViewHarness<NotificationsPatch>> {
  const services = createServices();
  await services.users(...USERS);
  const deeds = createDeeds(services);
  const timeline = { newTweetsSince: async () => ({ activities: [], partial: false }) };
  return {
    log: services.log,
    act: (random) => deeds.act(random),
    expected: () => expectedNotifications(services, deeds.tweets),
    async open(faults) {
      const store = backend.open(faults);
      const preferences = createPreferences({ ...services, store });
      const candidateSource = createCandidateSource({ ...services, store });
      const reading = createReading({
        isWhole: () => true,
        ...services,
        store,
        timeline,
        accounts: NO_ACCOUNT_NOTICES,
        lane: createLane(),
      });
      return {
        store: store.views,
        view: createNotificationsView({ ...services, preferences, candidateSource }),
        close: () => store.close(),
        async actual() {
          const lists: Record<number, string[]> = {};
          for (const userId of USERS) {
            const { notifications } = await reading.list({ userId, before: null, limit: 100 });
            lists[userId] = notifications.map(
              (notification) => `${notification.id} ${headline(notification)}`,
            );
          }
          return lists;
        },
      };
    },
    async close() {
      backend.remove();
    },
  };
}

/** Users who do this and that, and take it back. */
function createDeeds(services: Services) {
  const tweets: { id: number; author: number }[] = [];
  const comments: { id: number; tweetId: number; author: number }[] = [];
  const user = (random: Random) => USERS[random.integer(USERS.length)]!;
  const pick = <T>(random: Random, list: readonly T[]) => list[random.integer(list.length)];
  return {
    tweets,
    async act(random: Random): Promise<void> {
      const actor = user(random);
      const other = user(random);
      const tweet = pick(random, tweets);
      const comment = pick(random, comments);
      const deed = random.integer(13);
      if (deed < 2 || tweet === undefined) {
        const id = await services.post(actor, `hello @p${other}`);
        tweets.push({ id, author: actor });
      } else if (deed < 5) await services.like(actor, tweet.id);
      else if (deed === 5) await services.repost(actor, tweet.id);
      else if (deed === 6) {
        const id = await services.comment(actor, tweet.id, `well @p${other}`);
        comments.push({ id, tweetId: tweet.id, author: actor });
      } else if (deed === 7) await services.unlike(actor, tweet.id);
      else if (deed === 8) await services.unrepost(actor, tweet.id);
      else if (deed === 9 && comment !== undefined) {
        await services.removeComment(comment.author, comment.tweetId, comment.id);
        comments.splice(comments.indexOf(comment), 1);
      } else if (deed === 12) {
        await services.remove(tweet.author, tweet.id);
        tweets.splice(tweets.indexOf(tweet), 1);
      } else if (actor !== other && deed === 10) await services.follow(actor, other, random.integer(3) === 0);
      else if (actor !== other && deed === 11) await services.unfollow(actor, other);
    },
  };
}

/** What everybody is told, by going through all facts: nothing is read, so each kind is one group a tweet. */
async function expectedNotifications(services: Services, tweets: { id: number; author: number }[]) {
  const notifications: Notification[] = [];
  const notify = (recipient: number, notification: Omit<Notification, 'recipient'>) => {
    const known = notifications.some((each) => each.recipient === recipient && each.id === notification.id);
    if (recipient !== notification.actor && !known) notifications.push({ recipient, ...notification });
  };
  const records = await services.tweets.get({ ids: tweets.map(({ id }) => id) });
  for (const { id, author, entities } of records) {
    for (const { userId } of entities.mentions) {
      notify(userId!, { id, type: 'mention', tweetId: id, commentId: null, actor: author });
    }
    const list = { tweetId: id, viewer: author, before: null, limit: 100 };
    for (const like of (await services.engagement.likes(list)).items) {
      notify(author, { id: like.id, type: 'like', tweetId: id, commentId: null, actor: like.userId });
    }
    for (const repost of (await services.engagement.reposts(list)).items) {
      notify(author, { id: repost.id, type: 'repost', tweetId: id, commentId: null, actor: repost.userId });
    }
    const comments = (await services.engagement.comments(list)).items;
    const texts = await services.tweets.get({ ids: comments.map((comment) => comment.id) });
    for (const comment of texts) {
      const about = { id: comment.id, tweetId: id, commentId: comment.id, actor: comment.author };
      notify(author, { ...about, type: 'comment' });
      for (const { userId } of comment.entities.mentions) notify(userId!, { ...about, type: 'mention' });
    }
  }
  for (const userId of USERS) {
    const list = { userId, viewer: null, before: null, limit: 100 };
    for (const row of (await services.social.followers(list)).items) {
      notify(userId, { id: row.id, type: 'follow', tweetId: null, commentId: null, actor: row.userId });
    }
  }
  return Object.fromEntries(USERS.map((userId) => [userId, linesFor(notifications, userId)]));
}

function linesFor(notifications: readonly Notification[], userId: number): string[] {
  const groups = new Map<string, Notification[]>();
  for (const notification of notifications
    .filter(({ recipient }) => recipient === userId)
    .sort((a, b) => b.id - a.id)) {
    const grouping = ['like', 'repost', 'follow'].includes(notification.type);
    const key = grouping ? `${notification.type} ${notification.tweetId}` : `${notification.id}`;
    groups.set(key, [...(groups.get(key) ?? []), notification]);
  }
  return [...groups.values()].map((group) => {
    const { id, type } = group[0]!;
    return `${id} ${type} ${group.map(({ actor }) => actor).join()} (${group.length})*`;
  });
}
