/** Users: how they are created, their profiles, and the state of their accounts. */
import { notFound, WarbleError } from '#domain/errors.ts';
import { decision, mintFor, type SocialDeps } from './changes.ts';
import { hasRequestsToAccept, withRequestAccepted } from './follow-rules.ts';
import { acceptStep, waitingRequests } from './protection-migration.ts';
import { userEvent } from './relationships.ts';
import type { Social } from './social.ts';
import { NO_RELATIONSHIP, type RelationshipKey, type StoredUser, type User } from './social-store.ts';

type Users = Pick<Social, 'createUser' | 'setProfile' | 'setAccount' | 'eraseUser'>;

/** How often a request retries while others change the same protection. */
const MAX_PROTECTION_CHANGES = 10;

export function createUsers(deps: SocialDeps): Users {
  const { store, clock } = deps;

  return {
    createUser: ({ userId, handle, name, time }) =>
      store.change({ users: [userId], relationships: [] }, ({ users: [known] }) => {
        if (known) return { events: [], time, result: undefined };
        const user: User = {
          userId,
          handle,
          name,
          bio: '',
          picture: '',
          protected: false,
          protections: 0,
          migratedProtections: 0,
          state: 'active',
          createdAt: time,
          version: 1,
        };
        const events = [userEvent('account.changed', user, { time, traceId: '' })];
        return { users: [user], events, time, result: undefined };
      }),

    async setProfile({ userId, changes, traceId }) {
      let requestsLeft = true;
      for (let turn = 0; turn < MAX_PROTECTION_CHANGES; turn++) {
        const change = await changeProfile(deps, { userId, changes, traceId });
        requestsLeft = change.requestsLeft;
        while (requestsLeft) requestsLeft = await acceptStep(deps, { userId, traceId });
        if (change.applied) return;
      }
      throw new WarbleError(
        'overloaded',
        'Your protection is being changed elsewhere; try again in a moment.',
      );
    },

    setAccount: ({ userId, state, handle }) =>
      store.change({ users: [userId], relationships: [] }, ({ users: [before] }) => {
        const time = clock.now();
        if (!before) throw notFound('There is nobody with this id.');
        // A removed account stays hidden for good, so its profile is emptied at once.
        const leaves = state === 'erasing' || state === 'erased';
        const emptied = leaves ? { name: '', bio: '', picture: '' } : {};
        const after = changed(before, { state, handle: handle ?? before.handle, ...emptied });
        // An erased account stays erased, even when a change overtook the erasure.
        if (before.state === 'erased' || after === undefined) return { events: [], time, result: undefined };
        const events = [userEvent('account.changed', after, { time, traceId: '' })];
        return { users: [after], events, time, result: undefined };
      }),

    async eraseUser({ userId, limit, traceId }) {
      const keys = await store.relationshipsOf({ userId, limit: Math.min(limit, MAX_ERASED) });
      if (keys.length === 0) return { done: (await store.forgetHiddenPeriods({ userId, limit })) < limit };
      await store.change({ users: [], relationships: keys }, ({ relationships }) =>
        decision({
          keys,
          before: relationships,
          after: relationships.map(() => NO_RELATIONSHIP),
          time: clock.now(),
          traceId,
          result: undefined,
        }),
      );
      return { done: false };
    },
  };
}

const MAX_ERASED = 200;

type ProfileRequest = Parameters<Social['setProfile']>[0];

/**
 * Changes the profile and, if it becomes public, accepts the first requests. `applied` is false where requests of an
 * earlier change are still to be accepted: becoming protected now would leave them waiting.
 */
async function changeProfile(
  deps: SocialDeps,
  { userId, changes, traceId }: ProfileRequest,
): Promise<{ applied: boolean; requestsLeft: boolean }> {
  const keys: RelationshipKey[] = changes.protected === false ? await waitingRequests(deps, userId) : [];
  const mint = mintFor(deps, userId);
  return deps.store.change({ users: [userId], relationships: keys }, ({ users: [before], relationships }) => {
    const time = deps.clock.now();
    if (!before || before.state === 'erasing' || before.state === 'erased') {
      throw notFound('There is nobody with this id.');
    }
    const nothing = { events: [], time };
    const locks = changes.protected === true && !before.protected;
    const after = changed(before, { ...changes, ...(locks && { protections: before.protections + 1 }) });
    const requestsLeft = hasRequestsToAccept(before);
    if (after === undefined) return { ...nothing, result: { applied: true, requestsLeft } };
    const turns = after.protected !== before.protected;
    if (turns && requestsLeft) return { ...nothing, result: { applied: false, requestsLeft } };
    const accepted = relationships.map((relationship) =>
      turns ? withRequestAccepted(relationship, after, mint) : relationship,
    );
    const result = { applied: true, requestsLeft: requestsLeft || (turns && !after.protected) };
    const all = decision({
      keys,
      before: relationships,
      after: accepted,
      users: [after],
      time,
      traceId,
      result,
    });
    return { ...all, events: [userEvent('profile.changed', after, { time, traceId }), ...all.events] };
  });
}

/** The user with these fields set; undefined if that changes nothing. */
function changed(before: StoredUser, fields: Partial<User>): User | undefined {
  const { counts: _, ...user } = before;
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  if (given.every(([name, value]) => before[name as keyof User] === value)) return undefined;
  return { ...user, ...Object.fromEntries(given), version: user.version + 1 };
}
