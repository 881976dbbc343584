/** What a cursor is bound to: a list, its subject, its reader and its filters. */
import { REPORT_STATES } from '#domain/names.ts';

/** The lists that are read in pages. */
export const LIST_NAMES = [
  'home',
  'tweets',
  'top',
  'likes',
  'comments',
  'reposts',
  'followers',
  'following',
  'follow-requests',
  'blocks',
  'mutes',
  'notifications',
  ...REPORT_STATES.map((state) => `reports:${state}` as const),
] as const;
export type ListName = (typeof LIST_NAMES)[number];

export function scopeOf(
  list: ListName,
  subject: number,
  reader: number | null,
  filters: string = '',
): string {
  return `${list}|${subject}|${reader ?? 0}|${filters}`;
}
