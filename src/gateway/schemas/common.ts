/** Schemas that many calls share. A schema with a `title` becomes a component of the OpenAPI document. */
import { type Static, Type } from 'typebox';
import { LIMITS } from '#contract/limits.ts';
import { PATTERNS } from '../schema-faults.ts';

const strict = { additionalProperties: false } as const;

/** Decimal string of a tweet, comment, notification... */
export const Id = Type.String({
  pattern: PATTERNS.id.pattern,
  description: 'A decimal string.',
  examples: ['1024'],
});
/** In a path: somebody's id, or `me`. */
export const Person = Type.String({
  pattern: PATTERNS.person.pattern,
  description: "A person's id, or `me` for the one who is signed in.",
  examples: ['me'],
});
/** In a query: many ids at once. */
export const Ids = Type.String({
  pattern: PATTERNS.ids.pattern,
  description: '1 to 100 ids, separated by commas.',
  examples: ['1024,2048'],
});
export const Time = Type.String({
  format: 'date-time',
  description: 'RFC 3339, UTC, milliseconds.',
  examples: ['2026-01-21T10:24:01.000Z'],
});
export const Cursor = Type.String({
  minLength: 1,
  maxLength: 512,
  description: 'The `nextCursor` of the page before.',
});
export const Limit = Type.Integer({
  minimum: 1,
  maximum: LIMITS.pageMax,
  default: LIMITS.pageDefault,
  description: 'How many at most.',
});
export const NextCursor = Type.Union([Type.String(), Type.Null()], {
  description: 'Where the next page begins; null at the end.',
});

/** What a list call accepts. */
export const ListQuery = Type.Object({ cursor: Type.Optional(Cursor), limit: Limit }, strict);
export const LimitQuery = Type.Object({ limit: Limit }, strict);
export const PersonParams = Type.Object({ userId: Person }, strict);
export const TweetParams = Type.Object({ tweetId: Id }, strict);

export const UserHead = Type.Object(
  {
    handle: Type.String(),
    name: Type.String(),
    pictureUrl: Type.Union([Type.String(), Type.Null()]),
  },
  { ...strict, title: 'UserHead', description: 'What everybody may know of somebody.' },
);
export const Users = Type.Record(Id, UserHead, {
  title: 'Users',
  description: 'Everybody whom the answer names, by id.',
});

/** An answer without anything beside `status` and `time`. */
export const Nothing = Type.Object({}, strict);

/** An object that has these fields and no other. */
export function strictObject<const Fields extends Parameters<typeof Type.Object>[0]>(fields: Fields) {
  return Type.Object(fields, strict);
}

/** A schema of one type, or null. */
export function nullable<Of extends Parameters<typeof Type.Union>[0][number] & { type: string }>(schema: Of) {
  return Type.Unsafe<Static<Of> | null>({ ...schema, type: [schema.type, 'null'] });
}
