/**
 * What the turn of a protection leaves to do. Becoming protected ends private follows at once, for everybody who
 * reads (the store sees to it); becoming public accepts requests. Up to {@link STEP} of them change in the step that
 * turns the protection; the rest follow in steps of the same size, before the caller has its answer, so that an
 * account with 100,000 private followers neither fills the memory nor holds up everybody's writes. After a crash in
 * between, the settler ends what was begun.
 */
import type { UserId } from '#contract/ids.ts';
import type { Worker } from '#platform/worker.ts';
import { decision, type SocialDeps } from './changes.ts';
import { isUnsettled, settledTie } from './follow-rules.ts';
import type { TieKey } from './social-store.ts';

/** Ties in one step: some 10 ms of work. */
export const STEP = 200;

/** Ties to `userId` that a protection of this value settles, the longest waiting first. */
export async function waitingTies(
  { store }: SocialDeps,
  { userId, protected: locked }: { userId: UserId; protected: boolean },
): Promise<TieKey[]> {
  const kind = locked ? 'private' : 'request';
  const sources = await store.pending({ userId, kind, limit: STEP });
  return sources.map((from) => ({ from, to: userId }));
}

/**
 * One step. `true`: there is more. The protection is read twice, and what counts is the one inside the change: a turn
 * in between only makes the step do nothing.
 */
export async function settleStep(
  deps: SocialDeps,
  { userId, traceId }: { userId: UserId; traceId: string },
): Promise<boolean> {
  const [person] = await deps.store.people([userId]);
  if (person == null || !isUnsettled(person)) return false;
  const keys = await waitingTies(deps, person);
  if (keys.length === 0) return false;
  await deps.store.change({ people: [userId], ties: keys }, ({ people, ties }) => {
    const now = people[0] ?? person;
    const after = ties.map((tie) => settledTie(tie, now, deps.minter.mint));
    return decision({ keys, before: ties, after, time: deps.clock.now(), traceId, result: undefined });
  });
  return true;
}

/** Ends what a crash left unsettled. */
export function createSettler(deps: SocialDeps): Worker {
  return {
    name: 'social-settler',
    idle_ms: 60_000,
    async step() {
      const [userId] = await deps.store.unsettled({ limit: 1 });
      if (userId === undefined) return false;
      return settleStep(deps, { userId, traceId: '' });
    },
  };
}
