import { type Argon2Parameters, argon2, timingSafeEqual } from 'node:crypto';
import { createBoundedPool } from '#platform/bounded-pool.ts';
import type { Random } from '#platform/random.ts';

export interface PasswordHasher {
  /** A text that holds everything `verify` needs. Throws `overloaded` where too many wait. */
  hash(password: string): Promise<string>;
  /** Takes the same time whether or not it matches. Throws `overloaded` where too many wait. */
  verify(password: string, hash: string): Promise<boolean>;
}

export interface PasswordHasherDeps {
  random: Random;
  /** argon2id's cost: 19 MiB, 2 passes, 1 lane (OWASP Password Storage Cheat Sheet). */
  memory_KiB?: number;
  passes?: number;
  /** Hashes at once; each fills a core and 19 MiB. */
  concurrency?: number;
  /** How many more may wait: at some 25 ms a hash, 64 are about a second for two. */
  waiting?: number;
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
  waiting = 64,
}: PasswordHasherDeps): PasswordHasher {
  const cost: Cost = { memory: memory_KiB, passes, parallelism: 1 };
  const pool = createBoundedPool({
    concurrency,
    waiting,
    refusal: 'Too many people are signing in; try again in a moment.',
  });
  return {
    async hash(password) {
      const nonce = random.bytes(SALT_BYTES);
      const tag = await pool.run(() => derive(password, nonce, TAG_BYTES, cost));
      return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(nonce)}$${base64(tag)}`;
    },
    async verify(password, hash) {
      const parts = PHC.exec(hash);
      if (parts === null) throw new Error('A stored password hash is not a PHC string of argon2id.');
      const [memory, passes_, parallelism] = parts.slice(1, 4).map(Number) as [number, number, number];
      const expected = Buffer.from(parts[5]!, 'base64');
      const kept: Cost = { memory, passes: passes_, parallelism };
      const tag = await pool.run(() =>
        derive(password, Buffer.from(parts[4]!, 'base64'), expected.length, kept),
      );
      return timingSafeEqual(tag, expected);
    },
  };
}

/** The same characters composed otherwise (other keyboards, other systems) are the same password. */
function derive(password: string, nonce: Buffer, tagLength: number, cost: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message: password.normalize('NFC'), nonce, tagLength, ...cost }, (error, tag) => {
      if (error) reject(error);
      else resolve(tag);
    });
  });
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
