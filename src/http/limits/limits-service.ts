import { WarbleError } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import type { Clock } from '#platform/clock.ts';
import type { ConcurrencyLimits, Decision, Limits, Policy } from './limits.ts';
import type { Quota } from './quota.ts';
import { createSiteWindow } from './site-window.ts';
import { createSlidingWindow, type Taken } from './sliding-window.ts';
import { createTokens, type Tokens } from './tokens.ts';

export interface LimitsServiceDeps {
  clock: Clock;
  /** Off: nothing is counted or refused. */
  off?: boolean;
  /** Other quotas than {@link DEFAULT_QUOTAS}. */
  quotas?: Partial<Record<Policy, Quota>>;
  attempts?: Partial<AttemptQuotas>;
  maxConcurrent?: Partial<ConcurrencyLimits>;
  /** Counters per policy, for users and for addresses each. */
  keys?: number;
}

const HOUR_MS = 3_600_000;
const QUARTER_MS = 15 * 60_000;
/** API.md, Limits. Signing in is also throttled by `attempt`. */
export const DEFAULT_QUOTAS: Record<Policy, Quota> = {
  read: { quota: 900, window_ms: QUARTER_MS },
  write: { quota: 1_000, window_ms: HOUR_MS },
  post: { quota: 300, window_ms: HOUR_MS },
  signUp: { quota: 5, window_ms: HOUR_MS },
  signIn: { quota: 300, window_ms: HOUR_MS },
  report: { quota: 30, window_ms: HOUR_MS },
  media: { quota: 1_200, window_ms: QUARTER_MS },
  page: { quota: 300, window_ms: QUARTER_MS },
  // Several balancers and monitors on one machine ask every few seconds.
  probe: { quota: 6_000, window_ms: QUARTER_MS },
  badToken: { quota: 60, window_ms: QUARTER_MS },
};

/** How many wrong passwords may be tried. */
export interface AttemptQuotas {
  /** For one account from one address. */
  pair: Quota;
  /** For all accounts from one address, which an office may share. */
  address: Quota;
}
export const DEFAULT_ATTEMPTS: AttemptQuotas = {
  pair: { quota: 10, window_ms: 15 * 60_000 },
  address: { quota: 100, window_ms: 15 * 60_000 },
};
const KEYS = 100_000;

/** Even a whole /48, with four times these, leaves permits of each kind to others. */
const DEFAULT_MAX_CONCURRENT: ConcurrencyLimits = {
  user: 100,
  withoutToken: 300,
  address: 400,
  pictures: 100,
  connections: 256,
  passwords: 16,
};
const UNCOUNTED: Tokens = { check: ({ token }, lookUp) => lookUp(token), issued() {} };
const UNBOUNDED = Object.fromEntries(
  Object.keys(DEFAULT_MAX_CONCURRENT).map((name) => [name, Number.POSITIVE_INFINITY]),
) as unknown as ConcurrencyLimits;

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
    // Windows use the monotonic clock: setting the wall clock would open or lock them.
    take: (policy, who, site = null, weight = 1) =>
      off ? null : counters[policy](who, site, weight, clock.monotonic()),
    quotas: off ? null : quotas,
    maxConcurrent: off ? UNBOUNDED : { ...DEFAULT_MAX_CONCURRENT, ...deps.maxConcurrent },
    tokens: off ? UNCOUNTED : createTokens({ clock, quota: quotas.badToken, keys }),
    attempt({ account, address, site = null }) {
      if (off) return { giveBack() {} };
      const now = clock.monotonic();
      const about = ` ${account.toLowerCase()}`;
      const byAddress = addresses.take(address, site, now);
      if (!byAddress.allowed) throw tooManyAttempts(byAddress);
      const byPair = pairs.take(address, site, now, about);
      if (!byPair.allowed) {
        addresses.giveBack(address, site, now);
        throw tooManyAttempts(byPair);
      }
      return {
        giveBack() {
          pairs.giveBack(address, site, clock.monotonic(), about);
          addresses.giveBack(address, site, clock.monotonic());
        },
      };
    },
  };
}

type Counter = (who: UserId | string, site: string | null, weight: number, now_ms: number) => Decision;

function createCounter(policy: string, quota: Quota, keys: number): Counter {
  const users = createSlidingWindow<number>(quota, keys);
  const addresses = createSiteWindow(quota, keys);
  const policyHeader = `"${policy}";q=${quota.quota};w=${Math.round(quota.window_ms / 1_000)}`;
  return (who, site, weight, now_ms) => {
    const taken =
      typeof who === 'number' ? users.take(who, now_ms, weight) : addresses.take(who, site, now_ms);
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
