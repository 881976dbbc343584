/** Converts the API's ids (decimal strings that passed their schema) to those of the services. */
import { WarbleError } from '#domain/errors.ts';
import { MAX_USER_ID, type UserId } from '#domain/ids.ts';
import type { Caller } from '#http/route.ts';

/**
 * A user's id. A well-formed id beyond the range of ids never names a user. It becomes 0, the id of no user: reading
 * it finds nothing, and undoing something with it succeeds.
 */
export function userIdOf(text: string): UserId {
  const id = Number(text);
  return id <= MAX_USER_ID ? id : 0;
}

/** The id of a tweet, comment or notification; 0 if it is beyond the range of ids. */
export function snowflakeIdOf(text: string): number {
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : 0;
}

/** The user that `{userId}` in a path means. Throws `unauthenticated` for `me` without a token. */
export function userOf(text: string, caller: Caller | null): UserId {
  if (text !== 'me') return userIdOf(text);
  if (caller === null) throw new WarbleError('unauthenticated', 'Sign in, or name the user by id.');
  return caller.userId;
}

/** For calls about the caller only. Throws `forbidden` if the path names another user. */
export function selfOf(text: string, caller: Caller): UserId {
  const userId = userOf(text, caller);
  if (userId !== caller.userId)
    throw new WarbleError('forbidden', 'This is only for the user themselves; use `me`.');
  return userId;
}

/** The acting user, whom a body may name. Throws `forbidden` if it names another than the caller. */
export function checkActor(named: string | undefined, caller: Caller): void {
  if (named !== undefined && userIdOf(named) !== caller.userId) {
    throw new WarbleError('forbidden', 'userId must be the user who is signed in; it may be left out.', {
      errors: [{ pointer: '#/userId', detail: 'must be your own id, or left out' }],
    });
  }
}

/** The ids in a list that passed its schema. */
export function idListOf(list: string): number[] {
  return list.split(',').map(Number);
}
