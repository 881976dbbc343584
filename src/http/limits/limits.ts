/** Request limits: how many requests somebody may send, counted in bounded memory, per process. */
import type { UserId } from '#domain/ids.ts';
import type { Tokens } from './tokens.ts';

/** What requests are counted as; `badToken`: those that show a token in vain. */
export const POLICIES = [
  'read',
  'write',
  'post',
  'signUp',
  'signIn',
  'report',
  'media',
  'page',
  'probe',
  'badToken',
] as const;
export type Policy = (typeof POLICIES)[number];

/** At most `quota` requests in any `window_ms`. */
export interface Quota {
  quota: number;
  window_ms: number;
}

export interface Decision {
  allowed: boolean;
  /** Requests left in the window. */
  remaining: number;
  /** Seconds until more are left than now; where it is refused, until one would be let through. */
  reset_s: number;
  /** Values of the header fields RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10). */
  policyHeader: string;
  header: string;
}

/**
 * Requests and connections that may be there at once. Of an address: of an IPv4 address or the /64 of an IPv6 one; its
 * /48 has four times as many. Infinity: limits are off.
 */
export interface ConcurrencyLimits {
  /** Of one user. */
  user: number;
  /** Of all who ask without a token from one address: an office may share it. */
  withoutToken: number;
  /** Of all from one address, signed in or not. */
  address: number;
  /** Pictures for one address. */
  pictures: number;
  /** Connections of one address. */
  connections: number;
  /** Passwords of one address that are hashed, or wait for it. */
  passwords: number;
}

export interface Limits {
  /**
   * Counts a request of a user (a number), or of an address (as `countedAddress` gives it). What is refused
   * is not counted. `site`: whose page sent it, where that is another site's; it then counts for (address, site).
   * `null`: limits are off.
   */
  take(policy: Policy, who: UserId | string, site?: string | null): Decision | null;
  /** How many requests each policy allows; null: limits are off. */
  readonly quotas: Readonly<Record<Policy, Quota>> | null;
  readonly maxConcurrent: Readonly<ConcurrencyLimits>;
  /** Counts the tokens that addresses show in vain, and looks tokens up. */
  readonly tokens: Tokens;
  /**
   * Counts an attempt to sign in, or to show one's password again, before the password is looked at. Throws
   * `rate_limited`. It counts for (account, address) and for the address, never for the account alone, so that
   * nobody can be locked out. With a `site` both are counted apart from the address's own. `giveBack()` takes it
   * back, where the password was not seen to be wrong.
   */
  attempt(request: { account: string; address: string; site?: string | null }): { giveBack(): void };
}
