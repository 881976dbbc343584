/** An entity tag of a list (RFC 9110, 8.8.3); commas may stand within its quotes. */
const TAG = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

/**
 * Whether `If-None-Match` names what is there: `*`, or a list of tags of which one is this, weak or strong (RFC 9110,
 * 13.1.2). A header that is none of these matches nothing.
 */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return Array.from(header.matchAll(TAG), ([, tag]) => tag).includes(etag);
}
