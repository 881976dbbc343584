/** Request limits: how many requests a user or address may send, counted per process in bounded memory. */
import type { UserId } from '#domain/ids.ts';
import type { Quota } from './quota.ts';
import type { Tokens } from './tokens.ts';

/** What requests are counted as. `badToken`: those whose token is not valid. */
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

export interface Decision {
  allowed: boolean;
  /** Requests left in the window. */
  remaining: number;
  /** Seconds until more requests are left than now or, after a refusal, until one would be allowed. */
  reset_s: number;
  /** Values of the header fields RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10). */
  policyHeader: string;
  header: string;
}

/**
 * The most requests and connections at a time. An address is an IPv4 address or the /64 of an IPv6 one; its /48 has
 * four times as many. Infinity: limits are off.
 */
export interface ConcurrencyLimits {
  /** Of one user. */
  user: number;
  /** Of all clients without a token at one address, which an office may share. */
  withoutToken: number;
  /** Of all clients at one address, signed in or not. */
  address: number;
  /** Picture requests of one address. */
  pictures: number;
  /** Connections of one address. */
  connections: number;
  /** Passwords from one address that are being hashed or wait for it. */
  passwords: number;
}

export interface Limits {
  /**
   * Counts a request of a user (a number) or of an address (as `countedAddress` gives it). A refused request is not
   * counted. `site`: the other site whose page sent it; it then counts for (address, site). Returns null if limits
   * are off. `weight`: how many requests it counts as, for a user; for an address it is one.
   */
  take(policy: Policy, who: UserId | string, site?: string | null, weight?: number): Decision | null;
  /** How many requests each policy allows; null: limits are off. */
  readonly quotas: Readonly<Record<Policy, Quota>> | null;
  readonly maxConcurrent: Readonly<ConcurrencyLimits>;
  /** Looks tokens up, and counts invalid ones by address. */
  readonly tokens: Tokens;
  /**
   * Counts an attempt to sign in or to confirm a password, before the password is checked. Throws `rate_limited`. It
   * counts for (account, address) and for the address, never for the account alone, so that no user can be locked out
   * by others. With a `site`, both are counted apart from the address's own attempts. Call `giveBack()` unless the
   * password turned out to be wrong.
   */
  attempt(request: { account: string; address: string; site?: string | null }): { giveBack(): void };
}
