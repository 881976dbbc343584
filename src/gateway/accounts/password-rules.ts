/** Which passwords are refused: the too short, the too long and the commonly used. */
import { readFileSync } from 'node:fs';
import { type Pointer, WarbleError } from '#contract/errors.ts';
import { LIMITS } from '#contract/limits.ts';

/** Words that passwords are commonly made of; see the file's first lines. */
const COMMON = new Set(
  readFileSync(new URL('./common-passwords.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#')),
);
/** What people hang on a word to satisfy a rule: 1, 123, 2024, !, 1!, 123!. */
const TAIL = /[\d!@#$%&*.?_-]{1,5}$/;
const LEET: Record<string, string> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
};
const ROWS = [
  '01234567890123456789',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
];

/** Throws invalid_request, pointing at `pointer`, for a password that may not be chosen. */
export function checkNewPassword(password: string, handle: string, pointer: Pointer): void {
  const length = [...password].length;
  if (length < LIMITS.passwordMin || length > LIMITS.passwordMax) {
    throw refusal(pointer, `A password has ${LIMITS.passwordMin} to ${LIMITS.passwordMax} characters.`);
  }
  if (isCommonPassword(password) || password.toLowerCase() === handle.toLowerCase()) {
    throw refusal(pointer, 'Too many people use this password, or it is the handle; choose another one.');
  }
}

/**
 * Whether a password is among the commonly used: a listed one, a listed one with a short tail or with digits for
 * letters, one pattern repeated, or a run along the alphabet or a keyboard's rows.
 */
export function isCommonPassword(password: string): boolean {
  const lower = password.toLowerCase();
  if (COMMON.has(lower) || isRepetition(lower) || isRun(lower)) return true;
  const stem = lower.replace(TAIL, '');
  if (stem === '' || COMMON.has(stem) || isRun(stem)) return true;
  return [lower, stem].some((text) => COMMON.has(text.replace(/[013457@$]/g, (sign) => LEET[sign]!)));
}

/** One to four characters again and again: aaaaaaaa, 12121212, abcabcabc, 12341234. */
function isRepetition(text: string): boolean {
  return /^(.{1,4})\1+$/su.test(text);
}

function isRun(text: string): boolean {
  const backwards = [...text].reverse().join('');
  return text.length >= 4 && ROWS.some((row) => row.includes(text) || row.includes(backwards));
}

function refusal(pointer: Pointer, detail: string): WarbleError {
  return new WarbleError('invalid_request', detail, { errors: [{ pointer, detail }] });
}
