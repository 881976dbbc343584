/** The rules of {@link Notifications}; reading is in `notifications-reading.ts`, writing in `notifications-view.ts`. */
import { notFound, WarbleError } from '#domain/errors.ts';
import type { TweetId, UserId } from '#domain/ids.ts';
import type { ProfileView } from '#domain/records.ts';
import { canReadUser, canSeeUser } from '#domain/visibility.ts';
import type { Engagement } from '#engagement/engagement.ts';
import type { Clock } from '#platform/clock.ts';
import { createLane, type Lane } from '#platform/lane.ts';
import type { Worker } from '#platform/worker.ts';
import type { Log } from '#queue/log.ts';
import type { PubSub } from '#queue/pubsub.ts';
import { createViewRunner, type ViewRunner } from '#queue/view-runner.ts';
import type { Social } from '#social/social.ts';
import type { Timeline } from '#timeline/timeline.ts';
import type { Tweets } from '#tweets/tweets.ts';
import { NO_ACCOUNT_NOTICES } from './account-notices.ts';
import { createBellWorker } from './bell-worker.ts';
import { createCandidateSource } from './candidates.ts';
import { createLiveCooldown } from './live-cooldown.ts';
import { createLiveNotifier } from './live-notifier.ts';
import { settingsWith } from './notification-settings.ts';
import type { AccountNotices, Notifications } from './notifications.ts';
import { createReading } from './notifications-reading.ts';
import { type NotificationsStore, STORE_LIMITS } from './notifications-store.ts';
import { createNotificationsView } from './notifications-view.ts';
import { createPreferences } from './preferences.ts';
import { createMarkRead } from './read-markers.ts';

export interface NotificationsDeps {
  store: NotificationsStore;
  tweets: Pick<Tweets, 'get' | 'authorsOf' | 'scan'>;
  social: Pick<
    Social,
    'view' | 'follows' | 'followRequests' | 'relationshipsTo' | 'scanUsers' | 'hiddenPeriods'
  >;
  engagement: Pick<Engagement, 'active' | 'scan'>;
  timeline: Pick<Timeline, 'newTweetsSince'>;
  /** None where there are no accounts. */
  accounts?: AccountNotices;
  pubsub: PubSub;
  log: Log;
  clock: Clock;
  /** Where expensive reads run. */
  lane?: Lane;
}

export interface NotificationsService {
  notifications: Notifications;
  /** The fold of the log, and the bell worker, which notifies many users of one tweet. */
  workers: Worker[];
  /** For trimming the log, for metrics and for rebuilding. */
  view: ViewRunner;
}

export function createNotificationsService(deps: NotificationsDeps): NotificationsService {
  const { store, social, pubsub, log, clock } = deps;
  const candidateSource = createCandidateSource(deps);
  const preferences = createPreferences({ store, social });
  const liveNotifier = createLiveNotifier({
    views: store.views,
    notifications: store.notifications,
    social,
    pubsub,
    cooldown: createLiveCooldown({ clock }),
  });
  const view = createViewRunner({
    view: createNotificationsView({ ...deps, candidateSource, preferences }),
    store: liveNotifier.views,
    log,
  });
  const bells = createBellWorker({ store, candidateSource, preferences, onAdded: liveNotifier.notify });
  return { notifications: createNotifications(deps, view.isWhole), workers: [view.worker, bells], view };
}

function createNotifications(
  { store, clock, lane = createLane(), accounts = NO_ACCOUNT_NOTICES, ...services }: NotificationsDeps,
  isWhole: () => boolean,
): Notifications {
  const reading = createReading({ store, lane, isWhole, accounts, ...services });
  const markRead = createMarkRead({ store, clock, accounts, ...services });

  /** The user, with the reader's relationship to them. Throws not_found if they are hidden or never existed. */
  async function user(viewer: UserId, userId: UserId): Promise<ProfileView> {
    const [view] = await services.social.view({ viewer, userIds: [userId] });
    if (view === undefined || !canSeeUser(view)) throw notFound();
    return view;
  }

  /** Throws not_found where the tweet is gone, is a comment, or may not be read. */
  async function checkTweet(viewer: UserId, tweetId: TweetId): Promise<void> {
    const [tweet] = await services.tweets.get({ ids: [tweetId] });
    if (tweet?.kind !== 'tweet') throw notFound();
    const author = await user(viewer, tweet.author);
    if (!canReadUser(author, viewer)) throw notFound();
  }

  return {
    ...reading,
    async markRead(request) {
      await markRead(request);
      return reading.unread({ userId: request.userId });
    },
    async settings({ userId }) {
      const [changed] = await store.settings({ userIds: [userId] });
      return settingsWith(changed?.changes);
    },
    changeSettings: async ({ userId, changes }) =>
      settingsWith(await store.mergeSettings({ userId, changes })),
    async setBell({ userId, other, level }) {
      if (userId === other) throw new WarbleError('invalid_request', 'You cannot set a bell for yourself.');
      await user(userId, other);
      const set = await store.setBell({ userId, other, level, since: clock.now() });
      if (set) return;
      const detail = `You can set at most ${STORE_LIMITS.bells} bells; set another one to default first.`;
      throw new WarbleError('invalid_request', detail);
    },
    async bells({ userId, others }) {
      const set = await store.bells({ userId, others });
      const levels = new Map(set.map((bell) => [bell.userId, bell.level]));
      return others.map((other) => ({ userId: other, level: levels.get(other) ?? 'default' }));
    },
    async muteThread({ userId, tweetId }) {
      await checkTweet(userId, tweetId);
      await store.muteThread({ userId, tweetId });
    },
    unmuteThread: (request) => store.unmuteThread(request),
    eraseUser: (request) => store.eraseUser(request),
  };
}
