/**
 * Lists of users, newest relationship first. Users hidden from the viewer are left out, and pages are full
 * nevertheless.
 */
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { Page, ProfileView } from '#domain/records.ts';
import { canSeeBlockedUser, canSeeUser } from '#domain/visibility.ts';
import { visibleList } from '#platform/fill-page.ts';
import type { SocialDeps } from './changes.ts';
import type { RelationshipRow, Social } from './social.ts';
import type { ListKind } from './social-store.ts';
import type { Viewing } from './viewing.ts';

type Lists = Pick<
  Social,
  'followers' | 'following' | 'followRequests' | 'blocks' | 'mutes' | 'relationshipsTo'
>;

interface Place {
  kind: ListKind;
  userId: UserId;
  before: Snowflake | null;
  limit: number;
}

export function createLists({ store }: SocialDeps, { visible, mayRead }: Viewing): Lists {
  /** A page of the users whom `viewer` may see. */
  function visiblePage(
    { before, limit, ...list }: Place,
    viewer: UserId | null,
    may: (view: ProfileView) => boolean = canSeeUser,
  ): Promise<Page<RelationshipRow>> {
    return visibleList({
      before,
      limit,
      read: (place) => store.list({ ...list, ...place }),
      async visible(rows) {
        const userIds = rows.map((row) => row.userId);
        const seen = new Set(await visible(viewer, userIds, may));
        return rows.filter((row) => seen.has(row.userId));
      },
    });
  }

  /** A page of all rows, hidden users included. */
  async function wholePage(place: Place): Promise<Page<RelationshipRow>> {
    return pageOf(await store.list({ ...place, limit: place.limit + 1 }), place.limit);
  }

  return {
    async followers({ userId, viewer, before, limit }) {
      if (!(await mayRead(viewer, userId))) return NOTHING;
      return visiblePage({ kind: 'followers', userId, before, limit }, viewer);
    },
    async following({ userId, viewer, before, limit }) {
      if (!(await mayRead(viewer, userId))) return NOTHING;
      const kind = userId === viewer ? 'ownFollowing' : 'following';
      return visiblePage({ kind, userId, before, limit }, viewer);
    },
    followRequests: ({ userId, before, limit }) =>
      visiblePage({ kind: 'requests', userId, before, limit }, userId),
    blocks: ({ userId, before, limit }) =>
      visiblePage({ kind: 'blocks', userId, before, limit }, userId, canSeeBlockedUser),
    mutes: ({ userId, before, limit }) => visiblePage({ kind: 'mutes', userId, before, limit }, userId),
    relationshipsTo: ({ userId, kind, before, limit }) =>
      wholePage({ kind: kind === 'follow' ? 'followers' : 'requests', userId, before, limit }),
  };
}

/** The lists of a protected account, to viewers who may not read it. */
const NOTHING: Page<RelationshipRow> = { items: [], next: null };

function pageOf(rows: RelationshipRow[], limit: number): Page<RelationshipRow> {
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
