/** Idempotency keys, as the services keep them. */
import { hash } from 'node:crypto';
import type { Idempotency } from '#tweets/tweets.ts';

/** The key with a hash of what makes the request that very request; null without a key. */
export function idempotencyOf(key: string | undefined, body: readonly unknown[]): Idempotency | null {
  return key === undefined ? null : { key, bodyHash: hash('sha256', JSON.stringify(body), 'base64url') };
}
