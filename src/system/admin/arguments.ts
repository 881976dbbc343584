/** Arguments that several commands share, and how they are read. */
import { type Static, type TObject, type TSchema, Type } from 'typebox';
import type { AccountSummary, Actor } from '#accounts/administration.ts';
import { WarbleError } from '#domain/errors.ts';
import { parseId, type UserId } from '#domain/ids.ts';
import type { CommandDeps } from './command.ts';

export const Person = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'a handle, or id:7',
});
export const Reason = Type.String({ maxLength: 20_000, description: 'why, for the audit log' });
export const Name = Type.String({ minLength: 1, maxLength: 255 });
/** To be named in the command's `paths` too. */
export function pathOf(description: string) {
  return Type.String({ minLength: 1, maxLength: 4_096, description });
}
export const Limit = Type.Integer({
  minimum: 1,
  maximum: 1_000,
  default: 100,
  description: 'how many at most',
});
const Id = Type.String({ pattern: '^[1-9][0-9]{0,15}$' });

/** An object with exactly these fields. */
export function fields<const Fields extends Record<string, TSchema>>(properties: Fields): TObject<Fields> {
  return Type.Object(properties, { additionalProperties: false });
}

/** The schema of an id with this description. */
export function idOf(description: string) {
  return { ...Id, description } as typeof Id;
}

/** The number of an id that passed its schema. Throws not_found where nothing can have such an id. */
export function numberOf(text: Static<typeof Id>): number {
  const id = parseId(text);
  if (id === undefined || !Number.isSafeInteger(id)) {
    throw new WarbleError('not_found', `Nothing has the id ${text}.`);
  }
  return id;
}

/** The account that an argument names. Throws not_found. */
export async function userOf({ api }: CommandDeps, text: string): Promise<AccountSummary> {
  const { administration } = api;
  const id = /^id:([1-9]\d{0,9})$/.exec(text)?.[1];
  if (id !== undefined) return administration.account({ userId: Number(id) });
  return administration.byHandle({ handle: text.replace(/^@/, '') });
}

/** The part of a request that goes to the audit log. */
export function actorOf({ by, from }: CommandDeps, reason: string): Actor {
  return { by, from, reason };
}

/** How a user is named in printed lines. */
export function named({ handle, userId }: { handle: string; userId: UserId }): string {
  return `${handle} (id ${userId})`;
}
