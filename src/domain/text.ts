/**
 * What a tweet, a comment, a name and a bio may consist of. The server and the web client both import this file, so it
 * uses nothing but the language itself.
 *
 * A text is brought to Unicode NFC, CRLF and CR become LF, and it is trimmed. A tweet then has a bounded number of
 * extended grapheme clusters (what a reader calls a character: an emoji family is one) and of UTF-8 bytes; a name and a
 * bio have bounds of their own (`limits.ts`).
 */
import { LIMITS } from './limits.ts';

/** `text` is normalised; `reason` is a sentence that says what to do. */
export type TextCheck = { ok: true; text: string } | { ok: false; reason: string };

interface Rule {
  /** For sentences: 'A tweet'. */
  what: string;
  graphemes: number;
  /** In UTF-8. Bounds the size of a cluster, since any number of combining marks form a single one. */
  bytes: number;
  mayBeEmpty: boolean;
}

const BYTES_PER_GRAPHEME = LIMITS.textBytes / LIMITS.textGraphemes;
const TEXT: Rule = {
  what: 'A text',
  graphemes: LIMITS.textGraphemes,
  bytes: LIMITS.textBytes,
  mayBeEmpty: false,
};
const NAME: Rule = {
  what: 'A name',
  graphemes: LIMITS.nameGraphemes,
  bytes: LIMITS.nameGraphemes * BYTES_PER_GRAPHEME,
  mayBeEmpty: true,
};
const BIO: Rule = {
  what: 'A bio',
  graphemes: LIMITS.bioGraphemes,
  bytes: LIMITS.bioGraphemes * BYTES_PER_GRAPHEME,
  mayBeEmpty: true,
};
const ALT: Rule = {
  what: 'A description',
  graphemes: LIMITS.altCharacters,
  bytes: LIMITS.altCharacters * BYTES_PER_GRAPHEME,
  mayBeEmpty: true,
};
const REASON: Rule = {
  what: 'A reason',
  graphemes: LIMITS.reasonGraphemes,
  bytes: LIMITS.reasonGraphemes * BYTES_PER_GRAPHEME,
  mayBeEmpty: false,
};

/** ASCII characters, each one cluster and one byte. CR is missing because normalised texts contain none. */
const PLAIN_ASCII = /^[\t\n -~]*$/;
/**
 * C0 (but TAB and LF), DEL and C1 controls; embeddings and overrides of direction, which would reorder the text around
 * them.
 */
const REFUSED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;
/**
 * Something visible: a letter, number, punctuation mark or symbol whose glyph is not empty. Empty glyphs are, besides
 * those that Unicode calls default ignorable: the Braille pattern without a dot, the full and the half blank among
 * hieroglyphs, and the note without a head. (Searched for in the names of Unicode 18 and among the outlines of Noto,
 * Symbola and Unifont.)
 */
const VISIBLE =
  /[[\p{L}\p{N}\p{P}\p{S}]--\p{Default_Ignorable_Code_Point}--[\u2800\u{13441}\u{13442}\u{1d159}]]/v;

/**
 * The most UTF-16 units that one byte of the stored text can come from: two for CRLF, 1.5 at most for what NFC
 * composes (measured over all of Unicode 17). A longer trimmed text is too long whatever it holds, and is refused
 * before any expensive work: NFC sorts marks in a row in quadratic time, 2,000 in 4 ms but 5 million in minutes.
 */
const UNITS_PER_BYTE = 2;

/** Checks a tweet's or comment's text as the client sent it, and returns it as it is stored. */
export function checkText(raw: string): TextCheck {
  return check(raw, TEXT);
}

/** Checks a display name: at most 50 clusters, may be empty, refuses what a tweet refuses. */
export function checkName(raw: string): TextCheck {
  return check(raw, NAME);
}

/** Checks a bio: at most 160 clusters, may be empty, refuses what a tweet refuses. */
export function checkBio(raw: string): TextCheck {
  return check(raw, BIO);
}

/** Checks the description of a picture: at most 1,000 clusters, may be empty, refuses what a tweet refuses. */
export function checkDescription(raw: string): TextCheck {
  return check(raw, ALT);
}

/**
 * Checks the reason for a report or an administrative action: at most 500 clusters, not empty, refuses what a tweet
 * refuses.
 */
export function checkReason(raw: string): TextCheck {
  return check(raw, REASON);
}

/** NFC, then CRLF and CR to LF, then trimmed as String.prototype.trim does. Idempotent. */
export function normalizeText(raw: string): string {
  return raw.normalize('NFC').replace(/\r\n?/g, '\n').trim();
}

/** Extended grapheme clusters (Unicode Annex 29) of a normalised text; what a counter shows. */
export function graphemeCount(text: string): number {
  return PLAIN_ASCII.test(text) ? text.length : countSegments(text);
}

/** Bytes of the text in UTF-8; a lone surrogate counts 3, as the replacement character does. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (isPair(text, i)) {
      bytes += 2;
      i++;
    } else bytes += 2;
  }
  return bytes;
}

function check(raw: string, rule: Rule): TextCheck {
  // Trimming first saves work and changes nothing: NFC neither composes, makes nor removes white space.
  const trimmed = raw.trim();
  if (trimmed.length > rule.bytes * UNITS_PER_BYTE) return refuse(tooLong(rule));
  if (!trimmed.isWellFormed()) {
    return refuse('The text holds half a character (a lone surrogate); send it as valid Unicode.');
  }
  const text = normalizeText(trimmed);
  if (text === '') return rule.mayBeEmpty ? { ok: true, text } : refuse(NOTHING_VISIBLE);
  const refused = REFUSED.exec(text);
  if (refused !== null) return refuse(notAllowed(refused[0]));
  return PLAIN_ASCII.test(text) ? checkAscii(text, rule) : checkUnicode(text, rule);
}

function checkAscii(text: string, rule: Rule): TextCheck {
  // Trimmed and not empty, so it has an ASCII character above the space, and all of those are visible.
  return text.length <= rule.graphemes ? { ok: true, text } : refuse(tooLong(rule, text.length));
}

function checkUnicode(text: string, rule: Rule): TextCheck {
  const bytes = utf8Length(text);
  if (bytes > rule.bytes) return refuse(tooManyBytes(rule, bytes));
  if (!VISIBLE.test(text)) return refuse(NOTHING_VISIBLE);
  // There are never more clusters than UTF-16 units, so most texts need no segmenting.
  if (text.length <= rule.graphemes) return { ok: true, text };
  const graphemes = countSegments(text);
  return graphemes <= rule.graphemes ? { ok: true, text } : refuse(tooLong(rule, graphemes));
}

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

function countSegments(text: string): number {
  let count = 0;
  for (const _ of segmenter.segment(text)) count++;
  return count;
}

function isPair(text: string, index: number): boolean {
  const high = text.charCodeAt(index);
  if (high < 0xd800 || high > 0xdbff) return false;
  const low = text.charCodeAt(index + 1);
  return low >= 0xdc00 && low <= 0xdfff;
}

const NOTHING_VISIBLE = 'The text shows nothing; write at least one visible character.';

function refuse(reason: string): TextCheck {
  return { ok: false, reason };
}

function tooLong(rule: Rule, graphemes?: number): string {
  const has =
    graphemes === undefined ? '' : `; this has ${graphemes}, so remove ${graphemes - rule.graphemes}`;
  return `${rule.what} can have at most ${rule.graphemes} characters${has}.`;
}

function tooManyBytes(rule: Rule, bytes: number): string {
  return (
    `${rule.what} can have at most ${rule.bytes} bytes in UTF-8; this has ${bytes}: ` +
    'use fewer characters, or fewer marks on them.'
  );
}

function notAllowed(character: string): string {
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return `The text holds the control character U+${code}, which is not allowed; remove it.`;
}
