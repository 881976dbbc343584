/** The notifications service on the real services below it. */
import assert from 'node:assert/strict';
import { createMemoryAccountsBackend } from '#accounts/stores/memory.ts';
import type { UserId } from '#domain/ids.ts';
import type { AccountNoticeType } from '#domain/names.ts';
import { processAll } from '#platform/worker.ts';
import { createPubSub } from '#queue/pubsub.ts';
import { createServices, createTimelines, type Services } from '#test/support/services.ts';
import type { Timeline } from '#timeline/timeline.ts';
import type { NotificationView } from '../notifications.ts';
import { createNotificationsService, type NotificationsDeps } from '../notifications-service.ts';
import type { Notification, NotificationsPatch, NotificationsStore } from '../notifications-store.ts';
import { createMemoryNotificationsBackend } from '../stores/memory.ts';

/** The real timeline, to which fan-out has delivered all that there is whenever it is asked. */
export function timelineOver(services: Services): Pick<Timeline, 'newTweetsSince'> {
  const { timeline, fanout } = createTimelines(services);
  return {
    async newTweetsSince(request) {
      await processAll(fanout.workers);
      return timeline.newTweetsSince(request);
    },
  };
}

/** Notices from a real store of accounts; whoever gets their first has signed up, from a device of their own, before. */
function createAccounts({ minter, clock, tick }: Pick<Services, 'minter' | 'clock' | 'tick'>) {
  const { accounts } = createMemoryAccountsBackend().open();
  const passwordHash = 'hash';
  const signIn = async (userId: UserId, device: string) => {
    const sessionId = minter.mint({ owner: userId, kind: 'account' });
    const session = { sessionId, userId, tokenHash: `${sessionId}`, created: clock.now(), device };
    assert.ok(await accounts.openSession({ session, passwordHash, maxSessions: 100 }));
    return sessionId;
  };
  let devices = 0;
  return {
    notices: accounts.notices,
    async notice(userId: UserId, type: AccountNoticeType) {
      const account = { userId, handle: `p${userId}`, name: '', passwordHash, created: clock.now() };
      if ((await accounts.reserve(account)) === 'reserved') await signIn(userId, 'own');
      await tick();
      if (type === 'signIn') return signIn(userId, `new${'er'.repeat(devices++)}`);
      const noticeId = minter.mint({ owner: userId, kind: 'account' });
      const change = { userId, from: passwordHash, to: passwordHash, keepSession: 0, noticeId };
      assert.ok(await accounts.changePassword(change));
      return noticeId;
    },
  };
}

export type World = ReturnType<typeof createWorld>;

export interface WorldOptions {
  store?: NotificationsStore;
  /** Services to be used in the place of the real ones. */
  instead?: Partial<NotificationsDeps>;
}

/** A whole service; `settle` lets it catch up with what users did. */
export function createWorld({
  store = createMemoryNotificationsBackend().open(),
  instead = {},
}: WorldOptions = {}) {
  const services = createServices();
  const timeline = timelineOver(services);
  const pubsub = createPubSub();
  const accounts = createAccounts(services);
  const service = createNotificationsService({
    ...services,
    store,
    timeline,
    pubsub,
    accounts,
    ...instead,
  });
  const { notifications } = service;
  return {
    ...services,
    ...service,
    timeline,
    store,
    pubsub,
    notice: accounts.notice,
    settle: () => processAll(service.workers),
    /** All that somebody has, as the first page of their list says it. */
    async headlines(userId: UserId): Promise<string[]> {
      const page = await notifications.list({ userId, before: null, limit: 100 });
      return page.notifications.map(headline);
    },
    unread: async (userId: UserId) => (await notifications.unread({ userId })).unread,
    /** Reads everything that somebody has. */
    async readAll(userId: UserId) {
      const page = await notifications.list({ userId, before: null, limit: 1 });
      await notifications.markRead({ userId, upTo: page.notifications[0]?.id ?? 1 });
    },
  };
}

/** Tells somebody of something in a commit of its own, as another partition's fold would. */
export async function notify(world: Pick<World, 'store'>, notification: Notification): Promise<void> {
  const partition = 15;
  const { epoch, live } = await world.store.views.claim(partition);
  const patch: NotificationsPatch = {
    changes: [{ change: 'add', notification }],
    bellJobs: [],
    scanned: false,
  };
  const { generation, positions } = live;
  const commit = { partition, epoch, generation, expected: positions, next: positions, patch };
  assert.ok(await world.store.views.commit(commit));
}

/** `like 3,2 (2)`: the type, the actors, how many; with `*` while it is unread. */
export function headline({ type, actors, actorCount, read }: NotificationView): string {
  return `${type} ${actors.join()} (${actorCount})${read ? '' : '*'}`;
}

/** Runs a test in a world of its own. */
export async function inWorld(
  users: readonly UserId[],
  body: (world: World) => Promise<void>,
  options?: WorldOptions,
) {
  const world = createWorld(options);
  await world.users(...users);
  await body(world);
}
