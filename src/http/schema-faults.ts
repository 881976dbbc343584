/** What is wrong with a value that a schema refuses, in words that fit behind its name: "limit must be …". */

/** What Ajv says of one fault. */
export interface SchemaFault {
  keyword: string;
  instancePath: string;
  message?: string | undefined;
  params: Record<string, unknown>;
}

/** Values that must look like something, and the words that tell so. */
export const PATTERNS = {
  id: { pattern: '^[1-9][0-9]{0,15}$', must: 'must be an id: a decimal string such as "1024"' },
  user: {
    pattern: '^(me|[1-9][0-9]{0,15})$',
    must: 'must be "me" or an id: a decimal string such as "1024"',
  },
  ids: {
    pattern: '^[1-9][0-9]{0,15}(,[1-9][0-9]{0,15}){0,99}$',
    must: 'must be 1 to 100 ids, separated by commas',
  },
  handle: { pattern: '^[A-Za-z0-9_]{1,15}$', must: 'must be 1 to 15 letters, digits or _' },
  printableAscii: { pattern: '^[ -~]+$', must: 'must be printable ASCII' },
} as const;

const BY_PATTERN: ReadonlyMap<unknown, string> = new Map(
  Object.values(PATTERNS).map(({ pattern, must }) => [pattern, must]),
);

const TYPES: Record<string, string> = {
  string: 'a string',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  array: 'a list',
  object: 'an object',
  null: 'null',
};

const BY_KEYWORD: Record<string, (params: Record<string, unknown>) => string> = {
  additionalProperties: () => 'is not a field of this call',
  required: () => 'is required',
  type: ({ type }) => `must be ${typesOf(type)}`,
  enum: ({ allowedValues }) => oneOf(allowedValues as readonly unknown[]),
  const: ({ allowedValue }) => oneOf([allowedValue]),
  pattern: ({ pattern }) => mustMatch(String(pattern)),
  minimum: ({ limit }) => `must be at least ${limit}`,
  maximum: ({ limit }) => `must be at most ${limit}`,
  minLength: ({ limit }) => atLeast(Number(limit), 'character'),
  maxLength: ({ limit }) => `must have at most ${counted(Number(limit), 'character')}`,
  minItems: ({ limit }) => atLeast(Number(limit), 'entry'),
  maxItems: ({ limit }) => `must have at most ${counted(Number(limit), 'entry')}`,
  minProperties: ({ limit }) => atLeast(Number(limit), 'field'),
};

const MAX_NAME_CHARACTERS = 80;
/** "a, b or c". */
const LISTED = new Intl.ListFormat('en-GB', { type: 'disjunction' });

/** A name that a client made up, short enough to be repeated in a response. */
export function shortName(name: string): string {
  return name.length <= MAX_NAME_CHARACTERS ? name : `${name.slice(0, MAX_NAME_CHARACTERS)}…`;
}

/** The words for one fault. */
export function faultOf({ keyword, params, message }: SchemaFault): string {
  return BY_KEYWORD[keyword]?.(params) ?? message ?? 'is not valid';
}

/** The words for a text that does not match a pattern. */
export function mustMatch(pattern: string): string {
  return BY_PATTERN.get(pattern) ?? `must match ${pattern}`;
}

/** The words for a value that is none of these. */
export function oneOf(values: readonly unknown[]): string {
  return `must be ${LISTED.format(values.map(String))}`;
}

function typesOf(type: unknown): string {
  const types = Array.isArray(type) ? type : String(type).split(',');
  return types.map((name) => TYPES[name] ?? name).join(' or ');
}

function atLeast(limit: number, unit: string): string {
  return limit === 1 ? 'must not be empty' : `must have at least ${counted(limit, unit)}`;
}

function counted(count: number, unit: string): string {
  if (count === 1) return `1 ${unit}`;
  return `${count} ${unit === 'entry' ? 'entries' : `${unit}s`}`;
}
