/** What a cursor is bound to: one list, whom or what that is of, who reads it, and what narrows it. */
import { REPORT_STATES } from '#domain/names.ts';

/** Every list that is read in pages. */
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
