/** Every answer of the social service about a few users, to each of them and to a stranger. */
import assert from 'node:assert/strict';
import { isWarbleError } from '#domain/errors.ts';
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { Page, ProfileView } from '#domain/records.ts';
import { canReadUser, canSeeUser } from '#domain/visibility.ts';
import type { Profile, RelationshipRow, Social, Suggestion } from '../social.ts';
import type { Action, Outcome } from './social-model.ts';

/** Runs an action against the service. */
export async function perform(social: Social, action: Action): Promise<Outcome> {
  try {
    return { done: (await call(social, action)) ?? '' };
  } catch (error) {
    if (isWarbleError(error)) return { error: error.code };
    throw error;
  }
}

async function call(social: Social, action: Action): Promise<string | undefined> {
  const traceId = '';
  switch (action.kind) {
    case 'follow': {
      const { by: follower, target: followee } = action;
      return (await social.follow({ follower, followee, private: action.private, traceId })).state;
    }
    case 'unfollow':
      await social.unfollow({ follower: action.by, followee: action.target, traceId });
      return;
    case 'removeFollower':
      await social.removeFollower({ followee: action.by, follower: action.target, traceId });
      return;
    case 'reposts':
      await social.showReposts({
        follower: action.by,
        followee: action.target,
        shown: action.shown,
        traceId,
      });
      return;
    case 'answer':
      await social.answerRequest({
        followee: action.by,
        follower: action.target,
        approve: action.approve,
        traceId,
      });
      return;
    case 'block':
    case 'unblock':
    case 'mute':
    case 'unmute':
      await social[action.kind]({ userId: action.by, other: action.target, traceId });
      return;
    case 'protect':
      await social.setProfile({ userId: action.by, changes: { protected: action.protected }, traceId });
      return;
    case 'state':
      await social.setAccount({ userId: action.by, state: action.state });
      return;
    case 'erase':
      await social.setAccount({ userId: action.by, state: 'erasing' });
      while (!(await social.eraseUser({ userId: action.by, limit: 2, traceId })).done);
      await social.setAccount({ userId: action.by, state: 'erased' });
  }
}

/** All rows of a list, read in pages of two, all of which but the last must be full. */
export async function allRows(
  page: (before: Snowflake | null) => Promise<Page<RelationshipRow>>,
): Promise<RelationshipRow[]> {
  const rows: RelationshipRow[] = [];
  for (let before: Snowflake | null = null; ; ) {
    const { items, next }: Page<RelationshipRow> = await page(before);
    rows.push(...items);
    if (next === null) return rows;
    assert.equal(items.length, 2, 'a page is full unless the list has ended');
    before = next;
  }
}

async function orHidden<T>(answer: Promise<T>): Promise<T | 'not_found'> {
  try {
    return await answer;
  } catch (error) {
    if (isWarbleError(error, 'not_found')) return 'not_found';
    throw error;
  }
}

export interface AnswersAbout {
  profile: Profile | 'not_found';
  followers: RelationshipRow[] | 'not_found';
  following: RelationshipRow[] | 'not_found';
  mutuals: UserId[] | 'not_found';
  followersYouKnow: UserId[] | 'not_found';
}
export interface AnswersTo {
  views: ProfileView[];
  about: Map<UserId, AnswersAbout>;
  /** Empty for a stranger. */
  own: {
    requests: RelationshipRow[];
    blocks: RelationshipRow[];
    mutes: RelationshipRow[];
    suggestions: Suggestion[];
  };
}

/** Everything that one viewer can learn. */
export async function everythingFor(
  social: Social,
  viewer: UserId | null,
  userIds: readonly UserId[],
): Promise<AnswersTo> {
  const limit = 2;
  const about = new Map<UserId, AnswersAbout>();
  for (const userId of userIds) {
    const known = { userId, viewer: viewer ?? 0, limit: 100 };
    about.set(userId, {
      profile: await orHidden(social.profile({ userId, viewer })),
      followers: await orHidden(allRows((before) => social.followers({ userId, viewer, before, limit }))),
      following: await orHidden(allRows((before) => social.following({ userId, viewer, before, limit }))),
      mutuals: viewer === null ? [] : await orHidden(social.mutuals(known).then((a) => a.userIds)),
      followersYouKnow:
        viewer === null ? [] : await orHidden(social.followersYouKnow(known).then((a) => a.userIds)),
    });
  }
  const views = await social.view({ viewer, userIds: [...userIds] });
  await checkShown(social, viewer, views);
  if (viewer === null) return { views, about, own: { requests: [], blocks: [], mutes: [], suggestions: [] } };
  const userId = viewer;
  return {
    views,
    about,
    own: {
      requests: await allRows((before) => social.followRequests({ userId, before, limit })),
      blocks: await allRows((before) => social.blocks({ userId, before, limit })),
      mutes: await allRows((before) => social.mutes({ userId, before, limit })),
      suggestions: (await social.suggestions({ viewer, limit: 100 })).suggestions,
    },
  };
}

/** Checks that `visibleProfiles` says the same as `view`. */
async function checkShown(
  social: Social,
  viewer: UserId | null,
  views: readonly ProfileView[],
): Promise<void> {
  const expected = views.map((view) => {
    const { userId, handle, name, picture, protected: locked, muting } = view;
    if (!canSeeUser(view)) return null;
    const readable = canReadUser(view, viewer);
    return { profile: { userId, handle, name, picture }, readable, protected: locked, muting };
  });
  assert.deepEqual(
    await social.visibleProfiles({ viewer, userIds: views.map(({ userId }) => userId) }),
    expected,
  );
}
