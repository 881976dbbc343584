/** Which handles are allowed at all. Whether one is free is decided by the store. */
import { WarbleError } from '#domain/errors.ts';

const HANDLE = /^[A-Za-z0-9_]{1,15}$/;

/** Reserved names, in lower case: users could take them for the site itself, or they have a meaning in paths. */
const RESERVED = new Set(
  `about account accounts admin administrator api app apps auth blog contact deleted demo docs everyone explore
  feed follow followers following guest help home host info legal login logout mail me media metrics mod moderator
  moderators news nobody notifications null official openapi owner password postmaster press privacy profile public
  report root rules search security service session sessions settings signin signup site staff status stream
  support system team terms timeline trust tweet tweets undefined unknown user username users verified warble
  webmaster www`.split(/\s+/),
);

/** Two handles are the same if their keys are. */
export function handleKey(handle: string): string {
  return handle.toLowerCase();
}

/** Throws invalid_request for a malformed handle, handle_taken for a reserved one. */
export function checkHandle(handle: string): void {
  if (!HANDLE.test(handle)) {
    throw new WarbleError('invalid_request', 'A handle has 1 to 15 letters, digits or underscores.', {
      errors: [{ pointer: '#/handle', detail: 'must be 1 to 15 letters, digits or _' }],
    });
  }
  if (RESERVED.has(handleKey(handle))) throw handleTaken();
}

/** The same answer for a handle that is in use, was in use, or is reserved. */
export function handleTaken(): WarbleError {
  return new WarbleError('handle_taken', 'This handle is taken; choose another one.');
}
