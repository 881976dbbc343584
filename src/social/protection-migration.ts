/**
 * The work that is left when an account becomes protected or public.
 *
 * **Becoming protected ends private follows** at once for every read (the store sees to it), and the request does
 * nothing else: if it removed the rows before its answer, its duration would tell the owner how many there were. The
 * migrator removes them afterwards, in steps so small that no request waits for them.
 *
 * **Becoming public accepts requests.** Up to {@link STEP} are accepted in the change itself; the rest follow in steps
 * of the same size before the caller gets an answer, so that an account with 100,000 requests neither fills the memory
 * nor holds up everybody's writes. After a crash in between, the migrator finishes the work.
 */
import type { UserId } from '#domain/ids.ts';
import type { Worker } from '#platform/worker.ts';
import { decision, mintFor, type SocialDeps } from './changes.ts';
import { hasRequestsToAccept, withoutEndedFollow, withRequestAccepted } from './follow-rules.ts';
import type { RelationshipKey, StoredUser, User } from './social-store.ts';

/** Requests accepted in one step: some 10 ms of work. */
export const STEP = 200;
/** Ended private follows that are removed in one step: about 1 ms of work. */
const ENDED_STEP = 20;

/** Requests to follow `userId`, the longest waiting first. */
export async function waitingRequests({ store }: SocialDeps, userId: UserId): Promise<RelationshipKey[]> {
  const sources = await store.pending({ followee: userId, kind: 'request', limit: STEP });
  return sources.map((source) => ({ source, target: userId }));
}

/**
 * Accepts some requests. `true`: there may be more. The protection is read twice, and the value inside the change
 * counts: if it changed in between, the step does nothing.
 */
export async function acceptStep(
  deps: SocialDeps,
  { userId, traceId }: { userId: UserId; traceId: string },
): Promise<boolean> {
  const [user] = await deps.store.users([userId]);
  if (user == null || !hasRequestsToAccept(user)) return false;
  const keys = await waitingRequests(deps, userId);
  if (keys.length === 0) return false;
  const mint = mintFor(deps, userId);
  await deps.store.change({ users: [userId], relationships: keys }, ({ users, relationships }) => {
    const now = users[0] ?? user;
    const after = relationships.map((relationship) => withRequestAccepted(relationship, now, mint));
    return decision({
      keys,
      before: relationships,
      after,
      time: deps.clock.now(),
      traceId,
      result: undefined,
    });
  });
  return true;
}

/** Removes some private follows that have ended, and records when none are left. `true`: it did something. */
async function endStep(deps: SocialDeps, userId: UserId): Promise<boolean> {
  // Read before the follows: those that a later change ends may be missing from the list, and must not count as
  // removed.
  const [seen] = await deps.store.users([userId]);
  if (seen == null || seen.migratedProtections === seen.protections) return false;
  const sources = await deps.store.pending({ followee: userId, kind: 'ended', limit: ENDED_STEP });
  const keys = sources.map((source) => ({ source, target: userId }));
  return deps.store.change({ users: [userId], relationships: keys }, ({ users: [user], relationships }) => {
    const now = user ?? seen;
    const after = relationships.map((relationship) => withoutEndedFollow(relationship, now));
    const users = keys.length < ENDED_STEP ? [migratedThrough(now, seen.protections)] : [];
    return decision({
      keys,
      before: relationships,
      after,
      users,
      time: deps.clock.now(),
      traceId: '',
      result: true,
    });
  });
}

function migratedThrough({ counts: _, ...user }: StoredUser, protections: number): User {
  return { ...user, migratedProtections: Math.max(user.migratedProtections, protections) };
}

/** Removes ended private follows, and accepts the requests that a crash left over. */
export function createProtectionMigrator(deps: SocialDeps): Worker {
  return {
    name: 'protection-migrator',
    idle_ms: 500,
    async step() {
      const [userId] = await deps.store.pendingProtectionMigrations({ limit: 1 });
      if (userId === undefined) return false;
      const accepted = await acceptStep(deps, { userId, traceId: '' });
      return (await endStep(deps, userId)) || accepted;
    },
  };
}
