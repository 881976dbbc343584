/** Idempotency keys in the form that services store. */
import { hash } from 'node:crypto';
import type { Idempotency } from '#tweets/tweets.ts';

/** The key with a hash of the request's content; null without a key. */
export function idempotencyOf(key: string | undefined, body: readonly unknown[]): Idempotency | null {
  return key === undefined ? null : { key, bodyHash: hash('sha256', JSON.stringify(body), 'base64url') };
}
