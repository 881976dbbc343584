/** Codes that are handed to users: invites and one-time passwords. */
import { hash } from 'node:crypto';
import type { Random } from '#platform/random.ts';

/** Without characters that are easily confused (0 and o, 1 and l). */
const ALPHABET = '23456789abcdefghjkmnpqrstuvwxyz';
const GROUPS = 4;
const GROUP_CHARACTERS = 5;

/** Four groups of five characters, some 99 random bits. */
export function newCode(random: Random): string {
  const group = () =>
    Array.from({ length: GROUP_CHARACTERS }, () => ALPHABET[random.integer(ALPHABET.length)]).join('');
  return Array.from({ length: GROUPS }, group).join('-');
}

/** The stored form of an invite code. Codes are random, so one fast hash is enough. Ignores case and white space. */
export function hashInvite(code: string): string {
  return hash('sha256', code.toLowerCase().replace(/\s+/g, ''), 'hex');
}
