import { WarbleError } from '#contract/errors.ts';
import { LIMITS } from '#contract/limits.ts';
import { normalizeText } from '#contract/text.ts';

/** What texts refuse, too: controls but for LF and TAB, embeddings and overrides of direction. */
const REFUSED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

/** The description of a picture, normalised; '' is none. Throws invalid_text. */
export function checkAlt(raw: string): string {
  if (!raw.isWellFormed()) throw refusal('is not valid Unicode');
  const text = normalizeText(raw);
  if ([...text].length > LIMITS.altCharacters) {
    throw refusal(`has at most ${LIMITS.altCharacters} characters; shorten it`);
  }
  if (REFUSED.test(text)) throw refusal('holds a control character; leave it out');
  return text;
}

function refusal(detail: string): WarbleError {
  return new WarbleError('invalid_text', `The description ${detail}.`, {
    errors: [{ pointer: '#/alt', detail }],
  });
}
