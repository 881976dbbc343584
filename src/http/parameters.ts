/**
 * Parameters of paths, queries and headers. One small step turns strings into the values that their schema expects,
 * if they are written as JSON writes them: canonical decimals, `true` and `false`. Any other string stays a string,
 * which the validator then refuses. Ajv's own coercion would accept `0x10`, `1e1` and `" 5 "` as numbers.
 */
import type { TObject } from 'typebox';
import { WarbleError } from '#domain/errors.ts';
import { invalidRequest, type ParameterLocation, parameterFault, type SchemaFault } from './schema-faults.ts';
import type { CompileSchema } from './schema-validator.ts';

/** Turns named strings into the schema's values. Throws `invalid_request` with every fault. */
export type ParameterReader = (given: Iterable<readonly [name: string, text: string]>) => object;

/** More than any call has. */
const MAX_PARAMETERS = 32;
/** A whole number as JSON writes it, small enough to be exact in JavaScript. */
const DECIMAL = /^(?:0|[1-9]\d{0,14})$/;

/** Prepares a reader for the parameters of one location. */
export function parameterReader(
  schema: TObject,
  location: ParameterLocation,
  compile: CompileSchema,
): ParameterReader {
  const validate = compile(schema);
  const typeOf = new Map(
    Object.entries(schema.properties).map(([name, property]) => [
      name,
      (property as { type?: unknown }).type,
    ]),
  );
  return (given) => {
    const values: Record<string, unknown> = {};
    const faults: SchemaFault[] = [];
    for (const [name, text] of given) {
      // Reported here, since `__proto__` would not become a property of `values`.
      if (!typeOf.has(name)) faults.push(parameterFault('additionalProperties', name));
      else if (Object.hasOwn(values, name)) faults.push(parameterFault('repeated', name));
      else values[name] = meantBy(text, typeOf.get(name));
    }
    const valid = validate(values);
    if (valid && faults.length === 0) return values;
    throw invalidRequest(location, valid ? faults : [...faults, ...(validate.errors ?? [])]);
  };
}

function meantBy(text: string, type: unknown): unknown {
  if (type === 'integer') return DECIMAL.test(text) ? Number(text) : text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return text;
}

/**
 * The parameters of a URL's query, decoded. Throws `invalid_request` if there are too many or one cannot be decoded.
 */
export function queryOf(url: string): [name: string, text: string][] {
  const mark = url.indexOf('?');
  if (mark < 0 || mark === url.length - 1) return [];
  const parts = url.slice(mark + 1).split('&');
  if (parts.length > MAX_PARAMETERS) {
    throw new WarbleError('invalid_request', `A query has at most ${MAX_PARAMETERS} parameters.`);
  }
  const pairs: [string, string][] = [];
  for (const part of parts) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    pairs.push([decode(name), equals < 0 ? '' : decode(part.slice(equals + 1))]);
  }
  return pairs;
}

function decode(text: string): string {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new WarbleError('invalid_request', 'The query is not percent-encoded UTF-8.');
  }
}
