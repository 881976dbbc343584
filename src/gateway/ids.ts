/** From the ids of the API (decimal strings that passed their schema) to those of the services, and back. */
import { WarbleError } from '#domain/errors.ts';
import { MAX_USER_ID, type UserId } from '#domain/ids.ts';
import type { Caller } from '#http/route.ts';

/**
 * A user's id. What is well-formed but beyond the range of ids names nobody, for ever, and becomes 0, which is
 * nobody's id: asking for it finds nothing, and undoing something with it succeeds.
 */
export function userIdOf(text: string): UserId {
  const id = Number(text);
  return id <= MAX_USER_ID ? id : 0;
}

/** A tweet's, comment's or notification's id; 0 where it is beyond the range of ids. */
export function snowflakeIdOf(text: string): number {
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : 0;
}

/** Whom `{userId}` in a path means. Throws `unauthenticated` for `me` without a token. */
export function userOf(text: string, caller: Caller | null): UserId {
  if (text !== 'me') return userIdOf(text);
  if (caller === null) throw new WarbleError('unauthenticated', 'Sign in, or name the user by id.');
  return caller.userId;
}

/** For what is one's own alone. Throws `forbidden` where the path names somebody else. */
export function selfOf(text: string, caller: Caller): UserId {
  const userId = userOf(text, caller);
  if (userId !== caller.userId)
    throw new WarbleError('forbidden', 'This is only for the user themselves; use `me`.');
  return userId;
}

/** The actor that a body may name. Throws `forbidden` where it is not the one who is signed in. */
export function checkActor(named: string | undefined, caller: Caller): void {
  if (named !== undefined && userIdOf(named) !== caller.userId) {
    throw new WarbleError('forbidden', 'userId must be the user who is signed in; it may be left out.', {
      errors: [{ pointer: '#/userId', detail: 'must be your own id, or left out' }],
    });
  }
}

/** The ids of a list of them that its schema has accepted. */
export function idListOf(list: string): number[] {
  return list.split(',').map(Number);
}
