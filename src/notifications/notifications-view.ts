/**
 * The view that makes notifications by folding tweets, follows and engagement. What it reads from other services may be
 * newer than the event; the events that follow then lead to the same state again.
 *
 * **A rebuild** cannot know what users' settings, bells and muted threads were when an old act happened. It goes by what
 * they are now, except for bells, which record since when they are set to `all`. Each partition's rebuild reads all
 * engagement and all tweets, and keeps those of its own authors.
 */
import { followOf, partitionOf, type WarbleEvent } from '#domain/events.ts';
import type { UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { EngagementKind } from '#domain/names.ts';
import type { Engagement } from '#engagement/engagement.ts';
import { inBatches } from '#platform/batches.ts';
import type { View } from '#queue/view.ts';
import type { Social } from '#social/social.ts';
import type { Tweets } from '#tweets/tweets.ts';
import { type CandidateSource, type Candidates, candidatesOfEngagement } from './candidates.ts';
import {
  type Notification,
  type NotificationChange,
  type NotificationsPatch,
  STORE_LIMITS,
} from './notifications-store.ts';
import type { Preferences } from './preferences.ts';

export interface NotificationsViewDeps {
  candidateSource: CandidateSource;
  preferences: Preferences;
  tweets: Pick<Tweets, 'scan'>;
  social: Pick<Social, 'follows' | 'scanUsers' | 'relationshipsTo'>;
  engagement: Pick<Engagement, 'scan'>;
}

/** A change to make, before users' preferences are applied. */
type Step =
  | { step: 'notify'; candidates: Candidates }
  | { step: 'replaceFollow'; recipient: UserId; actor: UserId; notification: Notification | null }
  | { step: 'change'; change: NotificationChange };

const notifyStep = (candidates: Candidates): Step => ({ step: 'notify', candidates });
const SCAN_ROWS = 500;
/** Of which a sixteenth are in the partition, with at most 1,000 newest followers and 1,000 requests each. */
const SCAN_USERS = 100;

export function createNotificationsView(deps: NotificationsViewDeps): View<NotificationsPatch> {
  const { candidateSource, preferences } = deps;

  async function decide(steps: readonly Step[]): Promise<NotificationChange[]> {
    const notifications = steps.flatMap((step) => {
      if (step.step === 'notify') return step.candidates;
      return step.step === 'replaceFollow' && step.notification !== null ? [step.notification] : [];
    });
    const wanted = await preferences.wanted(notifications);
    return steps.flatMap((step): NotificationChange[] => {
      if (step.step === 'change') return [step.change];
      if (step.step === 'replaceFollow') {
        const { recipient, actor, notification } = step;
        const kept = notification !== null && wanted.has(notification) ? notification : null;
        return [{ change: 'replaceFollow', recipient, actor, notification: kept }];
      }
      const notification = step.candidates.find((one) => wanted.has(one));
      return notification === undefined ? [] : [{ change: 'add', notification }];
    });
  }

  return {
    name: 'notifications',
    topics: ['tweets', 'follows', 'engagement'],
    async fold({ events }) {
      const posted = events.filter(({ type }) => type === 'tweet.posted').map(({ entityId }) => entityId);
      const comments = events.filter(({ type }) => type === 'comment.added').map(({ itemId }) => itemId);
      const texts = await candidateSource.texts([...posted, ...comments]);
      const follows = await followNotifications(deps.social, events);
      const tweets = posted.flatMap((id) => texts.get(id) ?? []);
      const { candidates, bellJobs } = await candidateSource.fromTweets(tweets);
      // Tweets first: taking one back, should that be in the same batch, comes after.
      const steps: Step[] = candidates.map(notifyStep);
      for (const event of events) steps.push(...stepsOf(event, texts, follows));
      return { changes: await decide(steps), bellJobs, scanned: false };
    },
    async scan({ partition, cursor }) {
      const { steps, bellJobs, next } = await scanPage(deps, partition, cursor);
      return { patch: { changes: await decide(steps), bellJobs: bellJobs ?? [], scanned: true }, next };
    },
  };
}

type TextsById = Awaited<ReturnType<CandidateSource['texts']>>;

function stepsOf(event: WarbleEvent, texts: TextsById, follows: Map<string, Notification>): Step[] {
  const { type, key, actorId, entityId, itemId } = event;
  switch (type) {
    case 'like.added':
    case 'comment.added':
    case 'repost.added': {
      const kind = type.slice(0, type.indexOf('.')) as EngagementKind;
      const engagement = { kind, id: itemId, tweetId: entityId, author: key, actor: actorId };
      return candidatesOfEngagement(engagement, texts.get(itemId)).map(notifyStep);
    }
    case 'like.removed':
    case 'comment.removed':
    case 'repost.removed':
      // A mention in a removed comment stays with its recipient until it is pushed out; reading hides it.
      return [{ step: 'change', change: { change: 'remove', recipient: key, id: itemId } }];
    case 'tweet.deleted':
      return [{ step: 'change', change: { change: 'removeTweet', recipient: key, tweetId: entityId } }];
    case 'follow.requested': {
      const { follower, followee } = followOf(event);
      const notification = followNotification('followRequest', followee, follower, entityId);
      return [{ step: 'replaceFollow', recipient: followee, actor: follower, notification }];
    }
    case 'follow.added':
    case 'follow.changed':
    case 'follow.removed':
    case 'follow.withdrawn': {
      const { follower, followee } = followOf(event);
      const notification = follows.get(`${follower}/${followee}`) ?? null;
      return [{ step: 'replaceFollow', recipient: followee, actor: follower, notification }];
    }
    default:
      return [];
  }
}

function followNotification(
  type: 'follow' | 'followRequest',
  recipient: UserId,
  actor: UserId,
  id: number,
): Notification {
  return { recipient, id, type, tweetId: null, commentId: null, actor };
}

/**
 * The public follows, as they are now, to which a batch's follow events belong, by `follower/followee`. A private follow
 * never makes a notification; neither does a public one that has become private.
 */
async function followNotifications(
  social: NotificationsViewDeps['social'],
  events: readonly WarbleEvent[],
): Promise<Map<string, Notification>> {
  const pairs = events.filter(({ topic }) => topic === 'follows').map(followOf);
  const edges = await inBatches(pairs, LIMITS.batch, (batch) => social.follows({ pairs: batch }));
  return new Map(
    edges
      .filter((edge) => !edge.private)
      .map(({ follower, followee, id }) => [
        `${follower}/${followee}`,
        followNotification('follow', followee, follower, id),
      ]),
  );
}

interface ScanPage {
  steps: Step[];
  bellJobs?: NotificationsPatch['bellJobs'];
  next: string | null;
}

/** Engagement, then tweets, then users; a cursor is `stage:after`. */
async function scanPage(deps: NotificationsViewDeps, partition: number, cursor: string): Promise<ScanPage> {
  const [stage, after] = cursor === '' ? ['engagement', 0] : parseCursor(cursor);
  if (stage === 'engagement') return scanEngagement(deps, partition, after);
  if (stage === 'tweets') return scanTweets(deps, partition, after);
  return scanUsers(deps, partition, after);
}

function parseCursor(cursor: string): [string, number] {
  const colon = cursor.indexOf(':');
  return [cursor.slice(0, colon), Number(cursor.slice(colon + 1))];
}

async function scanEngagement(
  deps: NotificationsViewDeps,
  partition: number,
  after: number,
): Promise<ScanPage> {
  const { engagements, next } = await deps.engagement.scan({ after, limit: SCAN_ROWS });
  const mine = engagements.filter(({ author }) => partitionOf(author) === partition);
  const comments = mine.filter(({ kind }) => kind === 'comment').map(({ id }) => id);
  const texts = await deps.candidateSource.texts(comments);
  const candidates = mine.flatMap((engagement) =>
    candidatesOfEngagement(engagement, texts.get(engagement.id)),
  );
  return {
    steps: candidates.map(notifyStep),
    next: next === null ? 'tweets:0' : `engagement:${next}`,
  };
}

async function scanTweets(deps: NotificationsViewDeps, partition: number, after: number): Promise<ScanPage> {
  const { tweets, next } = await deps.tweets.scan({ after, limit: SCAN_ROWS });
  const mine = tweets.filter(({ author }) => partitionOf(author) === partition).map(({ id }) => id);
  const texts = await deps.candidateSource.texts(mine);
  const { candidates, bellJobs } = await deps.candidateSource.fromTweets([...texts.values()]);
  return {
    steps: candidates.map(notifyStep),
    bellJobs,
    next: next === null ? 'people:0' : `tweets:${next}`,
  };
}

async function scanUsers(deps: NotificationsViewDeps, partition: number, after: UserId): Promise<ScanPage> {
  const { users, next } = await deps.social.scanUsers({ after, limit: SCAN_USERS });
  const steps: Step[] = [];
  for (const { userId, state } of users) {
    // A user who is suspended or deactivated may come back, with their followers: only erasure is final.
    if (state === 'erased' || state === 'erasing' || partitionOf(userId) !== partition) continue;
    const relationships = (kind: 'follow' | 'request') =>
      newestOf((before) => deps.social.relationshipsTo({ userId, kind, before, limit: LIMITS.pageMax }));
    const followers = await relationships('follow');
    const requests = await relationships('request');
    const notifications = [
      ...followers.map((row) => followNotification('follow', userId, row.userId, row.id)),
      ...requests.map((row) => followNotification('followRequest', userId, row.userId, row.id)),
    ];
    for (const notification of notifications) steps.push(notifyStep([notification]));
  }
  return { steps, next: next === null ? null : `people:${next}` };
}

type RelationshipPage = Awaited<ReturnType<Social['relationshipsTo']>>;

/** The newest rows of a list, as many as a user may have notifications. */
async function newestOf(
  read: (before: number | null) => Promise<RelationshipPage>,
): Promise<RelationshipPage['items']> {
  const rows: RelationshipPage['items'] = [];
  let before: number | null = null;
  do {
    const page: RelationshipPage = await read(before);
    rows.push(...page.items);
    before = page.next;
  } while (before !== null && rows.length < STORE_LIMITS.notifications);
  return rows;
}
