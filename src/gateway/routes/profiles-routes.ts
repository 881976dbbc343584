/** Profiles: one call that sets them, and one that shows all of a user at a glance. */
import { unlessDown, WarbleError } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';
import type { BellLevel, DegradableService } from '#domain/names.ts';
import { checkBio, checkName } from '#domain/text.ts';
import { canReadUser } from '#domain/visibility.ts';
import { sealNext } from '#http/cursors.ts';
import { defineRoute, type Route } from '#http/route.ts';
import type { MediaUse } from '#media/media.ts';
import type { ProfileChanges, Profile as ProfileRecord } from '#social/social.ts';
import { scopeOf } from '../cursor-scopes.ts';
import { checkActor, selfOf, userOf } from '../ids.ts';
import { Nothing, UserParams } from '../schemas/common.ts';
import { Profile, ProfileChange } from '../schemas/users.ts';
import { profileBasicJson } from '../serializers.ts';
import { type RouteDeps, usersOf } from './deps.ts';

export function profilesRoutes(deps: RouteDeps): Route[] {
  const { social } = deps.services;
  return [
    defineRoute({
      method: ['POST', 'PUT'],
      path: '/{userId}/profile',
      auth: 'required',
      rateLimit: 'write',
      operationId: 'setProfile',
      tag: 'Profiles',
      summary: 'Set your profile',
      description: 'What is given is set, what is absent kept; `null` or `""` clears a text or the picture.',
      params: UserParams,
      body: ProfileChange,
      response: Nothing,
      errors: ['invalid_text', 'unknown_image', 'forbidden'],
      async handler({ params, body, caller, traceId }) {
        const userId = selfOf(params.userId, caller);
        checkActor(body.userId, caller);
        const held = body.picture
          ? await deps.media.hold({ owner: userId, names: [body.picture], pointer: '#/picture' })
          : null;
        let usedBy: MediaUse | null = null;
        try {
          await social.setProfile({ userId, changes: changesOf(body, held?.images[0]?.image), traceId });
          usedBy = `person:${userId}`;
        } finally {
          await held?.done(usedBy);
        }
        return {};
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/{userId}/profile',
      auth: 'optional',
      rateLimit: 'read',
      operationId: 'getProfile',
      tag: 'Profiles',
      summary: "Somebody's profile, newest followers and newest tweets",
      params: UserParams,
      response: Profile,
      errors: ['not_found'],
      async handler({ params, caller }) {
        const userId = userOf(params.userId, caller);
        const viewer = caller?.userId ?? null;
        const profile = await social.profile({ userId, viewer });
        return profile.basicOnly ? headOf(profile, viewer) : await wholeOf(deps, profile, viewer);
      },
    }),
  ];
}

type Change = { name?: string | null; bio?: string | null; picture?: string | null; protected?: boolean };

/** `picture`: the name of the picture found, if one was given. */
function changesOf(body: Change, picture: string | undefined): ProfileChanges {
  const changes: ProfileChanges = {};
  if (body.name !== undefined) changes.name = accepted('name', body.name, checkName);
  if (body.bio !== undefined) changes.bio = accepted('bio', body.bio, checkBio);
  if (body.picture !== undefined) changes.picture = picture ?? '';
  if (body.protected !== undefined) changes.protected = body.protected;
  return changes;
}

/** A text that passed its rule, which allows an empty one; null clears it. Throws invalid_text. */
function accepted(field: string, raw: string | null, check: typeof checkName): string {
  const checked = check(raw ?? '');
  if (checked.ok) return checked.text;
  const { reason } = checked;
  throw new WarbleError('invalid_text', reason, { errors: [{ pointer: `#/${field}`, detail: reason }] });
}

/** What a user still sees of a user whom they block. */
function headOf(profile: ProfileRecord, viewer: number | null) {
  return {
    ...plainOf(profile),
    bio: '',
    followers: [],
    followersCursor: null,
    tweets: [],
    tweetsCursor: null,
    followerCount: 0,
    followingCount: 0,
    tweetCount: 0,
    viewer: viewerOf(profile, viewer, 'default'),
    users: {},
  };
}

async function wholeOf(deps: RouteDeps, profile: ProfileRecord, viewer: number | null) {
  const { userId } = profile;
  const [followers, tweets, bell] = await Promise.all([
    deps.services.social.followers({ userId, viewer, before: null, limit: LIMITS.profileList }),
    unlessDown(tweetsOf(deps, profile, viewer)),
    unlessDown(bellOf(deps, userId, viewer)),
  ]);
  const followerIds = followers.items.map((row) => row.userId);
  const degraded: DegradableService[] = [];
  if (tweets === null) degraded.push('tweets');
  if (bell === null) degraded.push('notifications');
  return {
    ...plainOf(profile),
    followers: followerIds.map(String),
    followersCursor: sealNext(deps.cursors, scopeOf('followers', userId, viewer), followers.next),
    ...(tweets ?? NO_TWEETS),
    followerCount: profile.followerCount,
    followingCount: profile.followingCount,
    viewer: viewerOf(profile, viewer, bell ?? 'default'),
    users: await usersOf(deps, viewer, followerIds),
    ...(degraded.length > 0 ? { degraded } : {}),
  };
}

function plainOf(profile: ProfileRecord) {
  const { handle, name, pictureUrl } = profileBasicJson(profile);
  return {
    userId: String(profile.userId),
    handle,
    name,
    bio: profile.bio,
    picture: profile.picture,
    pictureUrl,
    protected: profile.protected,
  };
}

function viewerOf(profile: ProfileRecord, viewer: number | null, bell: BellLevel) {
  if (viewer === null) return null;
  const { following, followedBy, requested, blocking, muting } = profile;
  return { following, followedBy, requested, blocking, muting, bell };
}

/** The tweets in a profile. Like the bell, they are decoration of what social knows. */
interface TweetsPart {
  tweets: string[];
  tweetsCursor: string | null;
  tweetCount: number | null;
}

/** If the tweets service is down: no list, and an unknown count. */
const NO_TWEETS: TweetsPart = { tweets: [], tweetsCursor: null, tweetCount: null };

async function tweetsOf(deps: RouteDeps, profile: ProfileRecord, viewer: number | null): Promise<TweetsPart> {
  const { userId } = profile;
  const [newest, counts] = await Promise.all([
    newestTweets(deps, profile, viewer),
    deps.services.tweets.counts({ authors: [userId] }),
  ]);
  return {
    tweets: newest.ids.map(String),
    tweetsCursor: sealNext(deps.cursors, scopeOf('tweets', userId, viewer), newest.next),
    tweetCount: counts[0]?.count ?? 0,
  };
}

/** The ids of the newest tweets, if the viewer may read them, and the cursor of the tweets after them. */
async function newestTweets({ services }: RouteDeps, profile: ProfileRecord, viewer: number | null) {
  if (!canReadUser(profile, viewer)) return { ids: [], next: null };
  const { ids } = await services.tweets.byAuthor({
    author: profile.userId,
    before: null,
    limit: LIMITS.profileList + 1,
  });
  const shown = ids.slice(0, LIMITS.profileList);
  return { ids: shown, next: ids.length > shown.length ? shown.at(-1)! : null };
}

async function bellOf({ services }: RouteDeps, other: number, viewer: number | null): Promise<BellLevel> {
  if (viewer === null || viewer === other) return 'default';
  const bells = await services.notifications.bells({ userId: viewer, others: [other] });
  return bells[0]?.level ?? 'default';
}
