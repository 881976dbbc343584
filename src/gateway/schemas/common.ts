/** Schemas that many calls share. A schema with a `title` becomes a component of the OpenAPI document. */
import { type Static, Type } from 'typebox';
import { LIMITS } from '#domain/limits.ts';
import { PATTERNS } from '#http/schema-faults.ts';

const strict = { additionalProperties: false } as const;

/** Decimal string of a tweet, comment, notification... */
export const Id = Type.String({
  pattern: PATTERNS.id.pattern,
  description: 'A decimal string.',
  examples: ['1024'],
});
/** In a path: a user's id, or `me`. */
export const User = Type.String({
  pattern: PATTERNS.user.pattern,
  description: "A user's id, or `me` for the one who is signed in.",
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
export const UserParams = Type.Object({ userId: User }, strict);
export const TweetParams = Type.Object({ tweetId: Id }, strict);

/** A schema of one type, or null. */
export function nullable<Of extends Parameters<typeof Type.Union>[0][number] & { type: string }>(schema: Of) {
  return Type.Unsafe<Static<Of> | null>({ ...schema, type: [schema.type, 'null'] });
}

type Fields = Parameters<typeof Type.Object>[0];

/** An object that has these fields and no other. */
export function strictObject<const Of extends Fields>(fields: Of) {
  return Type.Object(fields, strict);
}

/** As `strictObject`, with a name in the OpenAPI document, so that generated clients have one type for it. */
export function named<const Of extends Fields>(title: string, fields: Of, description?: string) {
  return Type.Object(fields, { ...strict, title, ...(description === undefined ? {} : { description }) });
}

/** One of these strings, with a name in the OpenAPI document. */
export function namedEnum<const Of extends string>(
  title: string,
  values: readonly Of[],
  description?: string,
) {
  return Type.Unsafe<Of>({
    type: 'string',
    enum: [...values],
    title,
    ...(description === undefined ? {} : { description }),
  });
}

export const UserHead = named(
  'UserHead',
  { handle: Type.String(), name: Type.String(), pictureUrl: nullable(Type.String()) },
  'What everybody may know of somebody.',
);
export const Users = Type.Unsafe<Record<string, Static<typeof UserHead>>>({
  type: 'object',
  title: 'Users',
  description: 'The users that the response names, by id.',
  propertyNames: { pattern: PATTERNS.id.pattern },
  additionalProperties: UserHead,
});

/** A response without anything beside `status` and `time`. */
export const Nothing = named('Done', {});

/** A body that names a user, or a tweet, and nothing else. */
export const UserReference = named('UserReference', { userId: Id });
export const TweetReference = named('TweetReference', { tweetId: Id });
