/**
 * Links in a text, by the rules that Twitter published with twitter-text 3 (Apache 2.0; its code is not used).
 *
 * A link is `http(s)://` and a host, or a bare Latin host; a host is labels joined by dots, the last one a known
 * top-level domain that no letter, digit, `@`, `+` or `-` follows. A port, a path and a query may follow; closing
 * punctuation belongs to the sentence, a parenthesis to the link only if it closes there.
 *
 * One pass from left to right: text that turned out not to be a link is not looked at again, so the time is linear in
 * the text whatever it holds (see the tests).
 */
import tlds from 'tlds' with { type: 'json' };
import type { Link } from './records.ts';

/** IANA's list, and the special-use name of RFC 7686 that Twitter's list has too. */
const TLDS: ReadonlySet<string> = new Set([...tlds, 'onion']);
const LONGEST_UNICODE_TLD = Math.max(
  ...tlds.filter((tld) => /[^a-z0-9-]/.test(tld)).map((tld) => tld.length),
);
const LONGEST_ASCII_TLD = 63;

/** Latin letters with accents, and accents, as the inside of a character class. */
export const ACCENTED = '\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02af\\u02bb\\u0300-\\u036f\\u1e00-\\u1eff';
const LATIN = `a-zA-Z${ACCENTED}`;
/**
 * What words contain besides letters, marks and digits, for a character class: the joiners that Persian and Sinhala
 * need, and the marks of Catalan, Hebrew, Japanese, Tibetan and Cyrillic.
 */
export const WORD_MARKS =
  '\\u200c\\u200d\\ua67e\\u05be\\u05f3\\u05f4\\uff5e\\u301c\\u309b\\u309c\\u30a0\\u30fb\\u3003\\u0f0b\\u0f0c\\u00b7';
/** What the labels of a host are made of where no protocol precedes it. */
const BARE_HOST = new RegExp(`[${LATIN}0-9._\\-]+`, 'g');
/**
 * After a protocol: every script, and the symbols of emoji domains. Dots and dashes divide labels, other marks end the
 * host.
 */
const ANY_HOST = /[[[\p{L}\p{M}\p{N}\p{S}\u200c\u200d\u00b7\u30fb]--[\x00-\x7f]][0-9A-Za-z._\-]]+/vy;
/** No link begins right after these: it would be part of an email, mention, hashtag, cashtag or word. */
const NEVER_BEFORE = /[A-Za-z0-9@＠$#＃\ufffe\ufeff\uffff]/;
/** Nor does a link without a protocol: it would be the rest of a path, or of a host that was refused. */
const NEVER_BEFORE_BARE = /[-_./]/;
const ASCII_TLD = /[0-9A-Za-z-]*/y;
const NOT_AFTER_TLD = /[0-9A-Za-z@+-]/;
const PORT = /:[0-9]+/y;

/** Inside a path or query: Latin and Cyrillic letters, digits and ASCII marks. */
const WORD_CHARACTERS = `${LATIN}\\u0400-\\u04ff0-9`;
const PATH_RUN = new RegExp(`[${WORD_CHARACTERS}!*';:=+,.$\\/%#\\[\\]\\-\\u2013_~@|&]+`, 'y');
const QUERY_RUN = new RegExp(`[${WORD_CHARACTERS}!?*'@();:&=+$/%#[\\]\\-_.,~|]+`, 'y');
/** Never the last character of a path or query: it belongs to the sentence around the link. */
const NEVER_LAST_IN_PATH = /[!*';:,.$%[\]\u2013~@|&]/;
const NEVER_LAST_IN_QUERY = /[!?*'@();:+$%[\].,~|]/;
/**
 * A word in any other script, up to what begins the next part of a path or query. It goes on only where a word begins,
 * behind {@link WORD_BEGINS}: `/wiki/アニメ` is a path, but in `/fooです` a sentence goes on behind the link.
 */
const FOREIGN_WORD = new RegExp(
  `[\\p{L}\\p{M}\\p{Nd}${WORD_MARKS}${WORD_CHARACTERS}!*';:=+,.$%\\-_~@|]+`,
  'uy',
);
const WORD_BEGINS = /[/?&#=:+_(-]/;
/** Pairs of parentheses within one another that a path may hold, as in `/b_(c_(d))`. */
const MAX_NESTED_PARENTHESES = 2;

const PROTOCOL_END = '://';

/** All links of a text, in order, none overlapping. `url` is as written: without a protocol it stands for https. */
export function findLinks(text: string): Link[] {
  const links: Link[] = [];
  if (!text.includes('.')) return links;
  BARE_HOST.lastIndex = 0;
  for (;;) {
    const found = BARE_HOST.exec(text);
    if (found === null) return links;
    const from = found.index;
    const to = from + found[0].length;
    const { start, end, next } = text.startsWith(PROTOCOL_END, to)
      ? withProtocol(text, from, to)
      : withoutProtocol(text, from, to);
    const url = text.slice(start, end);
    if (end > start && opens(url)) links.push({ start, end, url });
    BARE_HOST.lastIndex = next;
  }
}

/** Whether a browser accepts it: IDNA refuses some hosts of known letters, and not every number is a port. */
function opens(url: string): boolean {
  return URL.canParse(/^https?:/i.test(url) ? url : `https://${url}`);
}

/** `end` equals `start` where there is no link; `next` is where to go on looking. */
interface Found {
  start: number;
  end: number;
  next: number;
}

/** `from` to `to` precedes `://`, and is a link's beginning if it ends in http or https, and no word before. */
function withProtocol(text: string, from: number, to: number): Found {
  const hostStart = to + PROTOCOL_END.length;
  const word = text.slice(Math.max(from, to - 'https'.length), to).toLowerCase();
  const length = word.endsWith('https') ? 5 : word.endsWith('http') ? 4 : 0;
  const start = to - length;
  if (length === 0 || (start > 0 && NEVER_BEFORE.test(text[start - 1]!))) {
    return { start, end: start, next: hostStart };
  }
  const hostEnd = matchEnd(ANY_HOST, text, hostStart);
  const domainEnd = findDomain(text, hostStart, hostEnd);
  if (domainEnd === undefined) return { start, end: start, next: hostStart };
  const end = linkEnd(text, domainEnd);
  return { start, end, next: end };
}

function withoutProtocol(text: string, start: number, to: number): Found {
  const before = start > 0 ? text[start - 1]! : ' ';
  if (NEVER_BEFORE.test(before) || NEVER_BEFORE_BARE.test(before)) return { start, end: start, next: to };
  const domainEnd = findDomain(text, start, to);
  if (domainEnd === undefined) return { start, end: start, next: to };
  const end = linkEnd(text, domainEnd);
  return { start, end, next: end };
}

/**
 * The end of the longest domain that begins at `start`, made of labels before `end` and a top-level domain (which
 * may lie beyond `end`, where it is in another script). Underscores stand in subdomains only.
 */
function findDomain(text: string, start: number, end: number): number | undefined {
  let longest: number | undefined;
  let mayPrecedeTld = false;
  for (let label = start; label <= end; ) {
    if (mayPrecedeTld) longest = tldEnd(text, label) ?? longest;
    const dot = text.indexOf('.', label);
    if (dot === -1 || dot >= end || dot === label) break;
    if (isDash(text[label]!) || isDash(text[dot - 1]!)) break;
    mayPrecedeTld = !text.slice(label, dot).includes('_');
    label = dot + 1;
  }
  return longest;
}

function isDash(character: string): boolean {
  return character === '-' || character === '_';
}

/** Where the known top-level domain at `start` ends; undefined if there is none. */
function tldEnd(text: string, start: number): number | undefined {
  const end = matchEnd(ASCII_TLD, text, start);
  if (end - start > LONGEST_ASCII_TLD) return undefined;
  const ascii = text.slice(start, end).toLowerCase();
  if (/^xn--[0-9a-z-]+$/.test(ascii)) return end;
  if (TLDS.has(ascii) && endsTld(text, end)) return end;
  if (!(text.charCodeAt(end) > 0x7f)) return undefined;
  for (let length = LONGEST_UNICODE_TLD; length > end - start; length--) {
    const candidate = text.slice(start, start + length);
    if (candidate.length === length && TLDS.has(candidate.toLowerCase()) && endsTld(text, start + length)) {
      return start + length;
    }
  }
  return undefined;
}

function endsTld(text: string, end: number): boolean {
  return end >= text.length || !NOT_AFTER_TLD.test(text[end]!);
}

/** Where the link whose domain ends at `at` ends: after its port, path and query. */
function linkEnd(text: string, at: number): number {
  const path = pathEnd(text, matchEnd(PORT, text, at));
  return queryEnd(text, path);
}

function pathEnd(text: string, at: number): number {
  if (text[at] !== '/') return at;
  let end = at;
  for (let next = at; ; ) {
    const run = runEnd(PATH_RUN, text, next);
    const partEnd = run > next ? run : parenthesesEnd(text, next, MAX_NESTED_PARENTHESES);
    if (partEnd === next) return end;
    const last = lastOf(NEVER_LAST_IN_PATH, text, next, partEnd);
    if (last > next) end = last;
    next = partEnd;
  }
}

/** Where the parentheses that open at `at` have closed; `at` where none open, or what opens does not close. */
function parenthesesEnd(text: string, at: number, nested: number): number {
  if (text[at] !== '(' || nested === 0) return at;
  const first = runEnd(PATH_RUN, text, at + 1);
  const inner = parenthesesEnd(text, first, nested - 1);
  const end = inner === first ? first : runEnd(PATH_RUN, text, inner);
  return text[end] === ')' && end > at + 1 ? end + 1 : at;
}

function queryEnd(text: string, at: number): number {
  if (text[at] !== '?') return at;
  const begin = at + 1;
  const last = lastOf(NEVER_LAST_IN_QUERY, text, begin, runEnd(QUERY_RUN, text, begin));
  return last > begin ? last : at;
}

/** Where a run of `characters`, and of words in other scripts that begin in it, ends. */
function runEnd(characters: RegExp, text: string, at: number): number {
  for (let end = at; ; ) {
    const next = matchEnd(characters, text, end);
    const word = WORD_BEGINS.test(text[next - 1]!) ? matchEnd(FOREIGN_WORD, text, next) : next;
    if (word === next) return next;
    end = word;
  }
}

/** The end of `from` to `to` without the characters at its end that are never last. */
function lastOf(neverLast: RegExp, text: string, from: number, to: number): number {
  let last = to;
  while (last > from && neverLast.test(text[last - 1]!)) last--;
  return last;
}

/** Where a match of a sticky pattern at `at` ends; `at` where there is none. */
function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
