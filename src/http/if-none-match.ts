/** One entity tag of a list (RFC 9110, 8.8.3). Its quotes may contain commas. */
const TAG = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

/**
 * Whether `If-None-Match` matches a tag: it is `*`, or a list that contains the tag, weak or strong (RFC 9110,
 * 13.1.2). Any other header matches nothing.
 */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return Array.from(header.matchAll(TAG), ([, tag]) => tag).includes(etag);
}
