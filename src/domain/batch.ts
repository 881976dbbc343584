/** How many ids one call of a service takes. */
import { WarbleError } from './errors.ts';
import { LIMITS } from './limits.ts';

/** Throws `invalid_request` where a call names more than it takes; larger sets go in several calls. */
export function requireBatch(named: { readonly length: number }, max: number = LIMITS.batch): void {
  if (named.length <= max) return;
  throw new WarbleError('invalid_request', `One call takes at most ${max} ids; send the rest in another.`);
}
