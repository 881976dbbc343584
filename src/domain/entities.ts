/**
 * The mentions, hashtags and links of a text, parsed once when it is written, by the rules that Twitter published with
 * twitter-text 3. Why this is our own code, and where it differs: docs/decisions/0010-entities.md.
 */
import { LIMITS } from './limits.ts';
import { ACCENTED, findLinks, WORD_MARKS } from './links.ts';
import type { Entities, Hashtag, Mention } from './records.ts';

const MAY_HOLD_ENTITIES = /[@＠#＃.]/;

const MENTION = /[@＠]([A-Za-z0-9_]+)/g;
/** No mention ends before these: it would be an email address, or in the middle of a word. */
const NEVER_BEFORE_MENTION = /[a-zA-Z0-9_!#$%&*@＠]/;
/** `RT@name` is a mention although a letter precedes it. */
const RETWEET_BEFORE = /(?:^|[^a-zA-Z0-9_+~.-])rt$/i;
/** Another @ (an address), a Latin letter with an accent (the word goes on), a protocol. */
const NEVER_AFTER_MENTION = new RegExp(`^(?:[@＠]|[${ACCENTED}]|://)`);

/** What a hashtag may hold: letters, marks and digits of any script, `_`, and what stands inside words. */
const TAG = `\\p{L}\\p{M}\\p{Nd}_${WORD_MARKS}`;
/** Not before U+FE0F or U+20E3: then the sign is an emoji, the keycap. */
const HASHTAG = new RegExp(`[#＃](?![\\ufe0f\\u20e3])([${TAG}]+)`, 'gu');
const TAG_CHARACTER = new RegExp(`[${TAG}]`, 'u');
/** Digits and marks within words alone are no tag, nor is a keycap emoji. */
const TAG_NEEDS = /[[\p{L}\p{M}]--[\ufe00-\ufe0f\u20e3]]/v;
const NEVER_AFTER_TAG = /^(?:[#＃]|:\/\/)/;
const VARIATION_SELECTOR = /[\ufe0e\ufe0f]/;
/** The longest thing that {@link NEVER_AFTER_MENTION} and {@link NEVER_AFTER_TAG} look at. */
const LOOK_AHEAD = 3;

/**
 * Finds the entities of a normalised text, in order, with `start` and `end` in UTF-16 units. None overlap: of two
 * candidates that do, the one that begins first is kept. `userId` of mentions is null. Takes time linear in the text's
 * length.
 */
export function parseEntities(text: string): Entities {
  if (!MAY_HOLD_ENTITIES.test(text)) return { mentions: [], hashtags: [], links: [] };
  return withoutOverlaps({
    mentions: findMentions(text),
    hashtags: findHashtags(text),
    links: findLinks(text),
  });
}

function findMentions(text: string): Mention[] {
  const mentions: Mention[] = [];
  let past = 0;
  for (const match of text.matchAll(MENTION)) {
    const handle = match[1]!;
    const start = match.index;
    const end = start + match[0].length;
    const fits = handle.length <= LIMITS.handleCharacters;
    if (fits && mayBeginMention(text, start, past) && !NEVER_AFTER_MENTION.test(ahead(text, end))) {
      mentions.push({ start, end, handle, userId: null });
    }
    past = end;
  }
  return mentions;
}

/** `past`: where the previous candidate ended; nothing before it is looked at again. */
function mayBeginMention(text: string, start: number, past: number): boolean {
  if (start === 0 || !NEVER_BEFORE_MENTION.test(text[start - 1]!)) return true;
  if (start - 'RT'.length < past) return false;
  return RETWEET_BEFORE.test(text.slice(Math.max(0, start - 'xRT'.length), start));
}

function findHashtags(text: string): Hashtag[] {
  const hashtags: Hashtag[] = [];
  let past = 0;
  for (const match of text.matchAll(HASHTAG)) {
    const tag = match[1]!;
    const start = match.index;
    const end = start + match[0].length;
    if (!TAG_NEEDS.test(tag)) continue;
    if (mayBeginHashtag(text, start, past) && !NEVER_AFTER_TAG.test(ahead(text, end))) {
      hashtags.push({ start, end, tag });
    }
    past = end;
  }
  return hashtags;
}

function mayBeginHashtag(text: string, start: number, past: number): boolean {
  if (start === 0) return true;
  if (start === past) return false;
  const before = characterBefore(text, start);
  return VARIATION_SELECTOR.test(before) || (before !== '&' && !TAG_CHARACTER.test(before));
}

function characterBefore(text: string, index: number): string {
  const isLow = (text.charCodeAt(index - 1) & 0xfc00) === 0xdc00;
  const isPair = isLow && index > 1 && (text.charCodeAt(index - 2) & 0xfc00) === 0xd800;
  return text.slice(index - (isPair ? 2 : 1), index);
}

function ahead(text: string, at: number): string {
  return text.slice(at, at + LOOK_AHEAD);
}

function withoutOverlaps({ mentions, hashtags, links }: Entities): Entities {
  const all = [...mentions, ...hashtags, ...links].sort((a, b) => a.start - b.start);
  const covered = new Set<object>();
  let end = 0;
  for (const entity of all) {
    if (entity.start < end) covered.add(entity);
    else end = entity.end;
  }
  if (covered.size === 0) return { mentions, hashtags, links };
  const stands = (entity: object) => !covered.has(entity);
  return {
    mentions: mentions.filter(stands),
    hashtags: hashtags.filter(stands),
    links: links.filter(stands),
  };
}
