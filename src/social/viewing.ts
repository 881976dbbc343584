/** People as one viewer stands to them. */
import { requireBatch } from '#domain/batch.ts';
import { notFound } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import type { PersonHead, PersonView } from '#domain/records.ts';
import { mayReadPerson, maySeePerson } from '#domain/visibility.ts';
import type { SocialDeps } from './changes.ts';
import type { PersonShown, Profile } from './social.ts';
import { RELATION, type StoredPerson } from './social-store.ts';

export interface Viewing {
  view(request: { viewer: UserId | null; userIds: readonly UserId[] }): Promise<PersonView[]>;
  shown(request: { viewer: UserId | null; userIds: readonly UserId[] }): Promise<(PersonShown | null)[]>;
  profile(request: { userId: UserId; viewer: UserId | null }): Promise<Profile>;
  lookup(request: { handles: readonly string[] }): Promise<PersonHead[]>;
  /** The ids among these whom the viewer may see, in the order given; `may` replaces the usual rule. */
  visible(
    viewer: UserId | null,
    userIds: readonly UserId[],
    may?: (view: PersonView) => boolean,
  ): Promise<UserId[]>;
  /**
   * Whether the viewer may read that person, and so whom they follow and who follows them. Throws not_found where the
   * viewer may not even see that person.
   */
  mayRead(viewer: UserId | null, userId: UserId): Promise<boolean>;
}

export function createViewing({ store }: Pick<SocialDeps, 'store'>): Viewing {
  async function view({ viewer, userIds }: { viewer: UserId | null; userIds: readonly UserId[] }) {
    requireBatch(userIds);
    const people = await store.people(userIds);
    const relations = viewer === null ? undefined : await store.relations({ viewer, others: userIds });
    const views: PersonView[] = [];
    for (let i = 0; i < people.length; i++) {
      const person = people[i];
      if (person != null) views.push(viewOf(person, relations?.[i] ?? 0));
    }
    return views;
  }

  async function visible(
    viewer: UserId | null,
    userIds: readonly UserId[],
    may: (view: PersonView) => boolean = maySeePerson,
  ) {
    const views = await view({ viewer, userIds });
    return views.filter(may).map((person) => person.userId);
  }

  /** Ties are looked up only where they can matter: with those who are protected, or whom the viewer is apart from. */
  async function shown({ viewer, userIds }: { viewer: UserId | null; userIds: readonly UserId[] }) {
    requireBatch(userIds);
    const people = await store.people(userIds);
    const apart = viewer === null ? NOBODY : await store.apart(viewer);
    const found: (PersonShown | null)[] = [];
    const unsure: number[] = [];
    for (let i = 0; i < people.length; i++) {
      const person = people[i]!;
      const bits = apart === null || apart.size === 0 ? 0 : (apart.get(userIds[i]!) ?? 0);
      found.push(person === null ? null : shownOf(person, viewer, bits));
      if (person !== null && (apart === null || person.protected)) unsure.push(i);
    }
    if (viewer === null || unsure.length === 0) return found;
    const others = unsure.map((i) => userIds[i]!);
    const relations = await store.relations({ viewer, others });
    for (const [at, i] of unsure.entries()) found[i] = shownOf(people[i]!, viewer, relations[at]!);
    return found;
  }

  return {
    view,
    visible,
    shown,
    async mayRead(viewer, userId) {
      const [person] = await view({ viewer, userIds: [userId] });
      if (person === undefined || !maySeePerson(person)) throw hidden();
      return mayReadPerson(person, viewer);
    },

    async profile({ userId, viewer }) {
      const [person] = await store.people([userId]);
      if (person == null || person.state !== 'active') throw hidden();
      const [relation = 0] = viewer === null ? [] : await store.relations({ viewer, others: [userId] });
      const seen = viewOf(person, relation);
      if (seen.blockedBy) throw hidden();
      // The blocker gets the head, so as to know whom to unblock, and nothing else.
      if (seen.blocking) return { ...seen, bio: '', followerCount: 0, followingCount: 0, headOnly: true };
      return {
        ...seen,
        bio: person.bio,
        followerCount: person.counts.followers,
        followingCount: person.counts.following,
        headOnly: false,
      };
    },

    async lookup({ handles }) {
      requireBatch(handles);
      const found = await store.byHandle([...new Set(handles.map((handle) => handle.toLowerCase()))]);
      return found
        .filter((person) => person.state === 'active')
        .map(({ userId, handle, name, picture }) => ({ userId, handle, name, picture }));
    },
  };
}

const NOBODY: ReadonlyMap<UserId, number> = new Map();
const FOLLOWING = RELATION.following | RELATION.followingPrivately;

/** Null: not to be seen. */
function shownOf(person: StoredPerson, viewer: UserId | null, relation: number): PersonShown | null {
  const { userId, handle, name, picture } = person;
  const facts = {
    userId,
    state: person.state,
    protected: person.protected,
    following: (relation & FOLLOWING) !== 0,
    blocking: (relation & RELATION.blocking) !== 0,
    blockedBy: (relation & RELATION.blockedBy) !== 0,
  };
  if (!maySeePerson(facts)) return null;
  return {
    head: { userId, handle, name, picture },
    readable: mayReadPerson(facts, viewer),
    protected: facts.protected,
    muting: (relation & RELATION.muting) !== 0,
  };
}

const hidden = () => notFound('There is nobody with this id whom you may see.');

/** One literal, so that all views share one shape: a page builds twenty of them. */
function viewOf(person: StoredPerson, relation: number): PersonView {
  return {
    userId: person.userId,
    handle: person.handle,
    name: person.name,
    picture: person.picture,
    state: person.state,
    protected: person.protected,
    following: (relation & (RELATION.following | RELATION.followingPrivately)) !== 0,
    followingPrivately: (relation & RELATION.followingPrivately) !== 0,
    requested: (relation & RELATION.requested) !== 0,
    followedBy: (relation & RELATION.followedBy) !== 0,
    blocking: (relation & RELATION.blocking) !== 0,
    blockedBy: (relation & RELATION.blockedBy) !== 0,
    muting: (relation & RELATION.muting) !== 0,
  };
}
