/** Which passwords are refused: the too short, the too long, the commonly used and the handle with digits. */
import { readFile } from 'node:fs/promises';
import { type Pointer, WarbleError } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';

export interface PasswordRules {
  /** Rejects with invalid_request, pointing at `pointer`, for a password that may not be chosen. */
  checkNew(password: string, handle: string, pointer: Pointer): Promise<void>;
  /**
   * Whether a password is among the commonly used: a listed one, a listed one with a short tail or with digits for
   * letters, one pattern repeated, or a run along the alphabet or a keyboard's rows.
   */
  isCommon(password: string): Promise<boolean>;
}

/** 49,233 passwords from leaks, the most used first, in lower case: 486 kB of JSON, kept as data by zxcvbn-ts. */
const LIST = import.meta.resolve('@zxcvbn-ts/language-common/src/passwords.json');
/** Words that came up after those leaks, or in other languages, and that are as common by now. */
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
/** What users hang on a word to satisfy a rule: 1, 123, 2024, !, 1!, 123!. */
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

/** The list is read when somebody first chooses a password, and costs some 20 ms and 3 MB then. */
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

/** Whether nothing but digits and signs is left without the handle, or without the handle's letters: ann1990!, 1ann2. */
function isHandleWithDigits(password: string, handle: string): boolean {
  const letters = handle.replace(/^[^a-z]+|[^a-z]+$/g, '');
  return [handle, letters].some(
    (name) => name !== '' && password.includes(name) && !/\p{L}/u.test(password.replaceAll(name, '')),
  );
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
