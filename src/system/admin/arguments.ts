/** Arguments that many commands take, and how they are read. */
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
/** A path; the command line makes it absolute, as a server stands elsewhere. */
export function pathOf(description: string) {
  return { ...Type.String({ minLength: 1, maxLength: 4_096 }), format: 'path', description };
}
export const Limit = Type.Integer({
  minimum: 1,
  maximum: 1_000,
  default: 100,
  description: 'how many at most',
});
const Id = Type.String({ pattern: '^[1-9][0-9]{0,15}$' });

/** An object that has these fields and no other. */
export function fields<const Fields extends Record<string, TSchema>>(properties: Fields): TObject<Fields> {
  return Type.Object(properties, { additionalProperties: false });
}

/** An id of that name. */
export function idOf(description: string) {
  return { ...Id, description } as typeof Id;
}

/** The number of an id that its schema let through. Throws not_found where nothing can have it. */
export function numberOf(text: Static<typeof Id>): number {
  const id = parseId(text);
  if (id === undefined || !Number.isSafeInteger(id)) {
    throw new WarbleError('not_found', `Nothing has the id ${text}.`);
  }
  return id;
}

/** Whom an argument means. Throws not_found. */
export async function userOf({ api }: CommandDeps, text: string): Promise<AccountSummary> {
  const { administration } = api;
  const id = /^id:([1-9]\d{0,9})$/.exec(text)?.[1];
  if (id !== undefined) return administration.account({ userId: Number(id) });
  return administration.byHandle({ handle: text.replace(/^@/, '') });
}

/** The part of a request that the audit log is for. */
export function actorOf({ by, from }: CommandDeps, reason: string): Actor {
  return { by, from, reason };
}

/** How somebody is named in what is printed. */
export function named({ handle, userId }: { handle: string; userId: UserId }): string {
  return `${handle} (id ${userId})`;
}
