import { WarbleError } from '#contract/errors.ts';
import type { UserId } from '#contract/ids.ts';
import type { Clock } from '#platform/clock.ts';
import type { AtOnce, Decision, Limits, Policy, Quota } from './limits.ts';
import { createSiteWindow } from './site-window.ts';
import { createSlidingWindow, type Taken } from './sliding-window.ts';

export interface LimitsServiceDeps {
  clock: Clock;
  /** Off: nothing is counted, nobody is refused. */
  off?: boolean;
  /** Other quotas than {@link DEFAULT_QUOTAS}. */
  quotas?: Partial<Record<Policy, Quota>>;
  attempts?: Partial<AttemptQuotas>;
  atOnce?: Partial<AtOnce>;
  /** Counters kept per policy, for people and for addresses each. */
  keys?: number;
}

const HOUR_MS = 3_600_000;
/** API.md, Limits. Signing in is also throttled by `attempt`. */
export const DEFAULT_QUOTAS: Record<Policy, Quota> = {
  read: { quota: 900, window_ms: 15 * 60_000 },
  write: { quota: 1_000, window_ms: HOUR_MS },
  post: { quota: 300, window_ms: HOUR_MS },
  signUp: { quota: 5, window_ms: HOUR_MS },
  signIn: { quota: 300, window_ms: HOUR_MS },
  report: { quota: 30, window_ms: HOUR_MS },
};

/** Passwords that may be tried and be wrong. */
export interface AttemptQuotas {
  /** For one account from one address. */
  pair: Quota;
  /** For all accounts from one address: an office may share it. */
  address: Quota;
}
export const DEFAULT_ATTEMPTS: AttemptQuotas = {
  pair: { quota: 10, window_ms: 15 * 60_000 },
  address: { quota: 100, window_ms: 15 * 60_000 },
};
const KEYS = 100_000;

/** Whoever has one address, and as many accounts as they like, leaves most of the server's 2,000 places to others. */
const AT_ONCE: AtOnce = { person: 100, withoutToken: 400, address: 600 };
const UNBOUNDED: AtOnce = {
  person: Number.POSITIVE_INFINITY,
  withoutToken: Number.POSITIVE_INFINITY,
  address: Number.POSITIVE_INFINITY,
};

export function createLimits(deps: LimitsServiceDeps): Limits {
  const { clock, off = false, keys = KEYS } = deps;
  const quotas = { ...DEFAULT_QUOTAS, ...deps.quotas };
  const attempts = { ...DEFAULT_ATTEMPTS, ...deps.attempts };
  const counters = Object.fromEntries(
    Object.entries(quotas).map(([policy, quota]) => [policy, createCounter(policy, quota, keys)]),
  ) as Record<Policy, Counter>;
  const pairs = createSiteWindow(attempts.pair, keys);
  const addresses = createSiteWindow(attempts.address, keys);

  return {
    // Windows run on the clock that nobody sets, or setting it would open or lock them.
    take: (policy, who, site = null) => (off ? null : counters[policy](who, site, clock.monotonic())),
    atOnce: off ? UNBOUNDED : { ...AT_ONCE, ...deps.atOnce },
    attempt({ account, address, site = null }) {
      if (off) return { succeeded() {} };
      const now = clock.monotonic();
      const pair = `${address} ${account.toLowerCase()}`;
      const byAddress = addresses.take(address, site, now);
      if (!byAddress.allowed) throw tooManyAttempts(byAddress);
      const byPair = pairs.take(pair, site, now);
      if (!byPair.allowed) {
        addresses.giveBack(address, site, now);
        throw tooManyAttempts(byPair);
      }
      return {
        succeeded() {
          pairs.giveBack(pair, site, clock.monotonic());
          addresses.giveBack(address, site, clock.monotonic());
        },
      };
    },
  };
}

type Counter = (who: UserId | string, site: string | null, now_ms: number) => Decision;

function createCounter(policy: string, quota: Quota, keys: number): Counter {
  const people = createSlidingWindow<number>(quota, keys);
  const addresses = createSiteWindow(quota, keys);
  const policyHeader = `"${policy}";q=${quota.quota};w=${Math.round(quota.window_ms / 1_000)}`;
  return (who, site, now_ms) => {
    const taken = typeof who === 'number' ? people.take(who, now_ms) : addresses.take(who, site, now_ms);
    const { allowed, remaining, reset_s } = taken;
    return { allowed, remaining, reset_s, policyHeader, header: `"${policy}";r=${remaining};t=${reset_s}` };
  };
}

function tooManyAttempts({ reset_s }: Taken): WarbleError {
  return new WarbleError(
    'rate_limited',
    'Too many wrong passwords from this address; wait, then try again.',
    {
      retryAfter_s: reset_s,
    },
  );
}
