/** Says what is wrong with a value that a schema refuses, in words that follow its name: "limit must be …". */
import { type Pointer, pointerTo, WarbleError } from '#domain/errors.ts';

/** One of Ajv's errors. */
export interface SchemaFault {
  keyword: string;
  instancePath: string;
  message?: string | undefined;
  params: Record<string, unknown>;
  /** The schema of the value. */
  parentSchema?: { type?: unknown; minimum?: number; maximum?: number } | undefined;
}

/** Where a parameter is sent: OpenAPI's `in`. */
export type ParameterLocation = 'path' | 'query' | 'header';

/** The most faults that one response lists. */
export const MAX_FAULTS = 20;

/** Patterns of string values, and how a message describes them. */
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
  repeated: () => 'is given more than once',
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

/** A name from a client, cut so that a response can repeat it. */
export function shortName(name: string): string {
  return name.length <= MAX_NAME_CHARACTERS ? name : `${name.slice(0, MAX_NAME_CHARACTERS)}…`;
}

/**
 * The error for a body, or for the parameters of a location, that a schema refuses: one fault for each value. The
 * detail names the first.
 */
export function invalidRequest(
  location: 'body' | ParameterLocation,
  faults: readonly SchemaFault[],
): WarbleError {
  const base = location === 'body' ? [] : [location];
  const byPointer = new Map<Pointer, { name: string; detail: string }>();
  for (const fault of faults) {
    if (byPointer.size >= MAX_FAULTS) break;
    const path = pathOf(fault);
    const pointer = pointerTo(...base, ...path);
    if (!byPointer.has(pointer))
      byPointer.set(pointer, { name: nameOf(path), detail: faultOf(fault, location) });
  }
  const [first] = byPointer.values();
  if (first === undefined) return new WarbleError('invalid_request', 'The body is not valid.');
  const errors = Array.from(byPointer, ([pointer, { detail }]) => ({ pointer, detail }));
  return new WarbleError('invalid_request', `${first.name} ${first.detail}.`, { errors });
}

/** The fault of a parameter that is unknown or repeated. */
export function parameterFault(keyword: 'additionalProperties' | 'repeated', name: string): SchemaFault {
  return { keyword, instancePath: '', params: { additionalProperty: name } };
}

/** The path of a fault, name by name. */
function pathOf({ keyword, instancePath, params }: SchemaFault): string[] {
  const names = instancePath
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (params.additionalProperty !== undefined) names.push(shortName(String(params.additionalProperty)));
  if (keyword === 'required') names.push(String(params.missingProperty));
  return names;
}

function nameOf(path: readonly string[]): string {
  return path.length === 0 ? 'The body' : path.join('/') || '""';
}

/** The words for one fault. */
export function faultOf(fault: SchemaFault, location: 'body' | ParameterLocation = 'body'): string {
  const { keyword, params, message } = fault;
  if (keyword === 'additionalProperties' && location !== 'body') return 'is not a parameter of this call';
  return rangeOf(fault) ?? BY_KEYWORD[keyword]?.(params) ?? message ?? 'is not valid';
}

/** The range of a whole number whose schema has both ends. */
function rangeOf({ keyword, parentSchema }: SchemaFault): string | undefined {
  if (keyword !== 'type' && keyword !== 'minimum' && keyword !== 'maximum') return undefined;
  const { type, minimum, maximum } = parentSchema ?? {};
  if (type !== 'integer' || minimum === undefined || maximum === undefined) return undefined;
  return `must be a whole number from ${minimum} to ${maximum}`;
}

/** The words for a string that does not match a pattern. */
export function mustMatch(pattern: string): string {
  return BY_PATTERN.get(pattern) ?? `must match ${pattern}`;
}

/** The words for a value that is not one of these. */
function oneOf(values: readonly unknown[]): string {
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
