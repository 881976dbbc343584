/** Names and texts for a demo: made up, harmless, in several scripts. */
import type { Random } from '#platform/random.ts';

const FIRST = [
  'Ada',
  'Ben',
  'Chidi',
  'Dana',
  'Elif',
  'Femi',
  'Gita',
  'Hugo',
  'Ines',
  'Jun',
  'Kofi',
  'Lena',
  'Mika',
  'Noor',
  'Olga',
  'Pia',
  'Quinn',
  'Rui',
  'Sana',
  'Tomas',
  'Uma',
  'Vera',
  'Wen',
  'Xenia',
  'Yara',
  'Zoe',
];
const LAST = [
  'Abe',
  'Berg',
  'Costa',
  'Diaz',
  'Eze',
  'Falk',
  'Gupta',
  'Hahn',
  'Ito',
  'Jansen',
  'Khan',
  'Lund',
  'Mora',
  'Nagy',
  'Okoro',
  'Park',
  'Rossi',
  'Silva',
  'Tan',
  'Weber',
];
const OPENINGS = [
  'Just saw',
  'Thinking about',
  'Slowly learning',
  'Still in love with',
  'Who else misses',
  'Today was all',
  'Nobody warned me about',
  'A small note on',
  'Quietly proud of',
  'Cannot stop humming about',
];
const THINGS = [
  'the morning train',
  'fresh bread',
  'type systems',
  'the old harbour',
  'rain on a tin roof',
  'a heron at dawn',
  'sourdough failures',
  'the second cup of tea',
  'night trains',
  'a very round cat',
  'the garden in November',
  'maps',
  'tidy commits',
  'choir practice',
  'long bike rides',
  'the new library',
];
const ENDINGS = [
  '',
  '',
  ' \u{1F426}',
  ' \u{2728}',
  ' Anyone else?',
  ' More tomorrow.',
  ' おはよう!',
  ' ¡Qué día!',
  ' 👨‍👩‍👧‍👦',
  ' Ещё раз.',
  ' And that is that.',
];
const TAGS = [
  'birds',
  'bread',
  'maps',
  'trains',
  'garden',
  'music',
  'code',
  'tea',
  'cycling',
  '東京',
  'música',
];
const REPLIES = [
  'Same here!',
  'Lovely.',
  'Tell me more?',
  'Ha, exactly.',
  'I had not thought of that.',
  '❤️',
  'Where was this?',
  'Next time take me along.',
  'Hm, not so sure.',
  'よかった!',
];

const pick = <T>(list: readonly T[], random: Random): T => list[random.integer(list.length)]!;

/** A handle of at most 15 characters, unique for every number. */
export function handleFor(user: number): string {
  return `${FIRST[user % FIRST.length]!.toLowerCase()}_${user}`;
}

export function nameFor(user: number, random: Random): string {
  return `${FIRST[user % FIRST.length]} ${pick(LAST, random)}`;
}

/** The text of a tweet, sometimes with a hashtag or a mention. */
export function tweetText(random: Random, mention: string | null): string {
  const tag = random.integer(3) === 0 ? ` #${pick(TAGS, random)}` : '';
  const to = mention === null ? '' : ` @${mention}`;
  return `${pick(OPENINGS, random)} ${pick(THINGS, random)}.${pick(ENDINGS, random)}${to}${tag}`;
}

export function replyText(random: Random): string {
  return pick(REPLIES, random);
}
