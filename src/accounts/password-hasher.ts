import { type Argon2Parameters, argon2, timingSafeEqual } from 'node:crypto';
import { WarbleError } from '#domain/errors.ts';
import { createAddressCounters } from '#http/limits/networks.ts';
import { createFairPool } from '#platform/fair-pool.ts';
import type { Random } from '#platform/random.ts';
import type { Client } from './accounts.ts';

/**
 * Hashes are scheduled fairly among addresses. Both methods throw `rate_limited` where too many of one address (or
 * IPv6 /48) wait, `overloaded` where too many wait in all, and the reason of the client's signal where it aborts while
 * they are queued.
 */
export interface PasswordHasher {
  /** A string with everything that `verify` needs. */
  hash(password: string, client: Client): Promise<string>;
  /** Takes the same time whether or not it matches. */
  verify(password: string, hash: string, client: Client): Promise<boolean>;
  /** A hash that no password matches, and that costs as much to verify as one made now. */
  readonly unmatched: string;
}

export interface PasswordHasherDeps {
  random: Random;
  /** argon2id's cost: 19 MiB, 2 passes, 1 lane (OWASP Password Storage Cheat Sheet). */
  memory_KiB?: number;
  passes?: number;
  /** How many hashes run at once; each uses a core and 19 MiB. */
  concurrency?: number;
  /** How many may wait or run of one address; a whole IPv6 /48 has four times as many. */
  maxPerAddress?: number;
  /** How many may wait or run in all: at some 25 ms a hash, 256 are about three seconds for two. */
  max?: number;
}

type Cost = Pick<Argon2Parameters, 'memory' | 'passes' | 'parallelism'>;
const SALT_BYTES = 16;
const TAG_BYTES = 32;
const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/**
 * argon2id through Node's own OpenSSL. A hash is kept as a PHC string
 * (github.com/P-H-C/phc-string-format), with its cost, so that the cost may be raised later.
 */
export function createPasswordHasher({
  random,
  memory_KiB = 19 * 1024,
  passes = 2,
  concurrency = 2,
  maxPerAddress = 16,
  max = 256,
}: PasswordHasherDeps): PasswordHasher {
  const cost: Cost = { memory: memory_KiB, passes, parallelism: 1 };
  const pool = createFairPool<string>({
    lanes: [{ upTo: 1, capacity: concurrency }],
    minWeight: 1,
    // The number of keys is bounded by the counters, /48s included.
    maxPerKey: Number.POSITIVE_INFINITY,
    max,
    refusal: 'Too many people are signing in; try again in a moment.',
  });
  const counters = createAddressCounters();

  async function inTurn<T>({ address, signal }: Client, work: () => Promise<T>): Promise<T> {
    if (!counters.hasRoom(address, maxPerAddress)) {
      const detail =
        'Too many passwords from your network are being checked just now; try again in a moment.';
      throw new WarbleError('rate_limited', detail, { retryAfter_s: 1 });
    }
    counters.take(address);
    try {
      return await pool.run({ key: address, weight: 1, signal }, work);
    } finally {
      counters.free(address);
    }
  }

  return {
    unmatched: phcOf(cost, random.bytes(SALT_BYTES), random.bytes(TAG_BYTES)),
    async hash(password, client) {
      const nonce = random.bytes(SALT_BYTES);
      const tag = await inTurn(client, () => derive(password, nonce, TAG_BYTES, cost));
      return phcOf(cost, nonce, tag);
    },
    async verify(password, hash, client) {
      const parts = PHC.exec(hash);
      if (parts === null) throw new Error('A stored password hash is not a PHC string of argon2id.');
      const [memory, passes_, parallelism] = parts.slice(1, 4).map(Number) as [number, number, number];
      const expected = Buffer.from(parts[5]!, 'base64');
      const kept: Cost = { memory, passes: passes_, parallelism };
      const tag = await inTurn(client, () =>
        derive(password, Buffer.from(parts[4]!, 'base64'), expected.length, kept),
      );
      return timingSafeEqual(tag, expected);
    },
  };
}

/** Normalises a password: the same characters, composed differently by another keyboard or system, match. */
function derive(password: string, nonce: Buffer, tagLength: number, cost: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message: password.normalize('NFC'), nonce, tagLength, ...cost }, (error, tag) => {
      if (error) reject(error);
      else resolve(tag);
    });
  });
}

function phcOf({ memory, passes, parallelism }: Cost, nonce: Buffer, tag: Buffer): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(nonce)}$${base64(tag)}`;
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
