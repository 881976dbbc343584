import { WarbleError } from '#domain/errors.ts';
import { checkDescription } from '#domain/text.ts';

/** The description of a picture, normalised; '' if there is none. Throws invalid_text. */
export function checkAlt(raw: string): string {
  const checked = checkDescription(raw);
  if (checked.ok) return checked.text;
  throw new WarbleError('invalid_text', checked.reason, {
    errors: [{ pointer: '#/alt', detail: checked.reason }],
  });
}
