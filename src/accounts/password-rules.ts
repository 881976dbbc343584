/** Which passwords are refused: too short, too long, commonly used, or the handle with digits. */
import { readFile } from 'node:fs/promises';
import { type Pointer, WarbleError } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';

export interface PasswordRules {
  /** Rejects with invalid_request, pointing at `pointer`, for a password that may not be chosen. */
  checkNew(password: string, handle: string, pointer: Pointer): Promise<void>;
  /**
   * Whether a password is commonly used: on the list, on the list but for a short suffix or digits in place of
   * letters, a repeated pattern, or a run along the alphabet or a row of the keyboard.
   */
  isCommon(password: string): Promise<boolean>;
}

/** 49,233 passwords from leaks, the most used first, in lower case: 486 kB of JSON, kept as data by zxcvbn-ts. */
const LIST = import.meta.resolve('@zxcvbn-ts/language-common/src/passwords.json');
/** Words that are newer than those leaks, or of other languages, and as common by now. */
const LATER_WORDS = `
  1qaz 27182818 3141592653 420 456789 7758521 987654321 abc abcde abcdef abcdefg adgangskode alhamdulillah amormio
  backstreet backstreetboys bayernmunich bestfriends blackfire bmw bocajuniors captainamerica chicagobulls
  china123 contraseña corinthians debian dumbledore foreverlove fortnite gmail god gryffindor gun halloballo
  harleydavidson highschool hiya hotmail ibm ichliebedich iloveyouso instagram insyaallah iran jaishreeram
  jonasbrothers konnichiwa kubernetes linkedin login logmein lordoftherings luffy lösenord may mivida mypasswd
  mysql neo newyorkcity neymar numberone oldpassword onedirection onepassword openthedoor p@ssword pa$$word
  passphrase pele peru postgres purplerain qwe qwer qwertz red roblox seoul slytherin superuser taz tequieromucho
  thepassword toor tweetybird twitter ubuntu unix usa user1234 voldemort warble welcomehome whatsapp winniethepooh
  woaini1314 woaiwojia yahoo yellowstone yourpassword zxcvb
`;
/** Suffixes that users add to a word to satisfy a rule: 1, 123, 2024, !, 1!, 123!. */
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

/** The list is read when a user first chooses a password, which then takes some 20 ms and 3 MB. */
export function createPasswordRules(): PasswordRules {
  let reading: Promise<ReadonlySet<string>> | undefined;

  function common(): Promise<ReadonlySet<string>> {
    reading ??= readList().catch((error: unknown) => {
      reading = undefined;
      throw error;
    });
    return reading;
  }

  const rules: PasswordRules = {
    async checkNew(password, handle, pointer) {
      const length = [...password].length;
      if (length < LIMITS.passwordMin || length > LIMITS.passwordMax) {
        throw refusal(pointer, `A password has ${LIMITS.passwordMin} to ${LIMITS.passwordMax} characters.`);
      }
      if (isHandleWithDigits(password.toLowerCase(), handle.toLowerCase())) {
        throw refusal(pointer, 'This password is little more than the handle; choose another one.');
      }
      if (await rules.isCommon(password)) {
        throw refusal(pointer, 'Too many people use this password; choose another one.');
      }
    },
    async isCommon(password) {
      const lower = password.normalize('NFC').toLowerCase();
      if (isRepetition(lower) || isRun(lower)) return true;
      const stem = lower.replace(TAIL, '');
      if (stem === '' || isRun(stem)) return true;
      const list = await common();
      return [lower, stem].some((text) => list.has(text) || list.has(withLetters(text)));
    },
  };
  return rules;
}

async function readList(): Promise<ReadonlySet<string>> {
  const listed = JSON.parse(await readFile(new URL(LIST), 'utf8')) as string[];
  return new Set([...listed, ...LATER_WORDS.trim().split(/\s+/)]);
}

function withLetters(text: string): string {
  return text.replace(/[013457@$]/g, (sign) => LEET[sign]!);
}

/**
 * Whether only digits and signs remain when the handle, or the letters of the handle, are taken out: ann1990!, 1ann2.
 */
function isHandleWithDigits(password: string, handle: string): boolean {
  const letters = handle.replace(/^[^a-z]+|[^a-z]+$/g, '');
  return [handle, letters].some(
    (name) => name !== '' && password.includes(name) && !/\p{L}/u.test(password.replaceAll(name, '')),
  );
}

/** One to four characters repeated: aaaaaaaa, 12121212, abcabcabc, 12341234. */
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
