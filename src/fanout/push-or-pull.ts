/**
 * Push (fan-out on write) or pull (fan-out on read), decided by cost (docs/decisions/0020-push-or-pull.md). Pushing an
 * activity costs once per follower; merging an actor's activities at reading costs once per follower and read. So
 * pulling pays off for an actor who posts more often than the followers read, by the ratio of the two costs
 * (Silberstein et al., "Feeding Frenzy", SIGMOD 2010), and only where the audience is large enough to matter.
 */
import type { Clock } from '#platform/clock.ts';
import type { Timeline } from '#timeline/timeline.ts';
import type { FollowerList } from './follower-lists.ts';

export interface PushOrPullOptions {
  /** Followers seen lately that an actor must have for pulling to be considered. */
  minAudience?: number;
  /** Measured costs: a push to a follower seen lately, to another follower, and merging one actor into a page. */
  pushCost_ns?: number;
  probeCost_ns?: number;
  pullCost_ns?: number;
}

export interface PushOrPull {
  /** Counts one more activity of the actor and decides how to deliver it. Throws what the timeline service throws. */
  decide(list: FollowerList): Promise<'push' | 'pull'>;
}

const DAY_MS = 86_400_000;
/** Followers sampled to estimate the audience: 1,000 give it within some 3%. */
const SAMPLE = 1_000;
/** Actors whose posting rate is kept. */
const MAX_RATES = 100_000;

export interface PushOrPullDeps extends PushOrPullOptions {
  timeline: Pick<Timeline, 'seenLately' | 'readRate'>;
  clock: Clock;
}

export function createPushOrPull(deps: PushOrPullDeps): PushOrPull {
  const { timeline, clock } = deps;
  const { minAudience = 50_000, pushCost_ns = 150, probeCost_ns = 20, pullCost_ns = 150 } = deps;
  /** Activity counts as of `at`, decaying with a half-life of a day; least recently used first. */
  const rates = new Map<number, { weight: number; at: number }>();

  function perDay(actor: number): number {
    const at = clock.monotonic();
    const old = rates.get(actor);
    const faded = old === undefined ? 0 : old.weight * 0.5 ** ((at - old.at) / DAY_MS);
    rates.delete(actor);
    rates.set(actor, { weight: faded + 1, at });
    if (rates.size > MAX_RATES) rates.delete(rates.keys().next().value!);
    return (faded + 1) * Math.LN2;
  }

  async function audienceOf({ ids, length }: FollowerList): Promise<number> {
    const stride = Math.max(1, Math.floor(length / SAMPLE));
    const sample = Uint32Array.from({ length: Math.min(length, SAMPLE) }, (_, i) => ids[i * stride]!);
    const seen = await timeline.seenLately({ readers: sample });
    return (seen.length / sample.length) * length;
  }

  return {
    async decide(list) {
      if (!list.complete || list.length < minAudience) return 'push';
      const postsPerDay = perDay(list.author);
      const audience = await audienceOf(list);
      if (audience < minAudience) return 'push';
      const { readsPerHomeAndDay } = await timeline.readRate();
      const pushing = postsPerDay * (audience * pushCost_ns + (list.length - audience) * probeCost_ns);
      const pulling = readsPerHomeAndDay * audience * pullCost_ns;
      return pushing > pulling ? 'pull' : 'push';
    },
  };
}
