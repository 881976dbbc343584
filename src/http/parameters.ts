/**
 * Parameters of paths, queries and headers: texts that a schema turns into values, or faults that name the
 * parameter. Stricter than the usual parsers: no coercion, nothing twice, nothing unknown.
 */
import type { TObject } from 'typebox';
import { type FieldError, pointerTo, WarbleError } from '#domain/errors.ts';
import { mustMatch, oneOf, shortName } from './schema-faults.ts';

export type ParameterLocation = 'path' | 'query' | 'header';
/** Turns named texts into the schema's values. Throws `invalid_request` with every fault. */
export type ParameterReader = (given: Iterable<readonly [name: string, text: string]>) => object;

interface Fault {
  fault: string;
}
type ReadText = (text: string) => string | number | boolean | Fault;

/** The JSON Schema keywords that parameters use. */
interface Keywords {
  type?: string;
  enum?: readonly string[];
  const?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  default?: string | number | boolean;
}

interface Parameter {
  name: string;
  required: boolean;
  fallback: string | number | boolean | undefined;
  read: ReadText;
}

/** Most parameters in a query: more than any call knows. */
const MAX_PARAMETERS = 32;

/** Prepares a reader for the parameters of one location. */
export function parameterReader(schema: TObject, location: ParameterLocation): ParameterReader {
  const required = new Set<string>(schema.required ?? []);
  const parameters = Object.entries(schema.properties).map(([name, property]): Parameter => {
    const keywords = property as Keywords;
    return {
      name,
      required: required.has(name) && keywords.default === undefined,
      fallback: keywords.default,
      read: textReader(keywords),
    };
  });
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  return (given) => readAll(given, parameters, byName, location);
}

function readAll(
  given: Iterable<readonly [string, string]>,
  parameters: Parameter[],
  byName: Map<string, Parameter>,
  location: ParameterLocation,
): object {
  const values: Record<string, string | number | boolean> = {};
  const faults: ParameterFault[] = [];
  const refuse = (name: string, detail: string) => {
    if (faults.length < MAX_PARAMETERS) faults.push(faultAt(location, shortName(name), detail));
  };
  for (const [name, text] of given) {
    const parameter = byName.get(name);
    if (parameter === undefined) refuse(name, 'is not a parameter of this call');
    else if (Object.hasOwn(values, name)) refuse(name, 'is given more than once');
    else {
      const value = parameter.read(text);
      if (typeof value === 'object') refuse(name, value.fault);
      else values[name] = value;
    }
  }
  for (const { name, required, fallback } of parameters) {
    if (Object.hasOwn(values, name) || faults.length > 0) continue;
    if (fallback !== undefined) values[name] = fallback;
    else if (required) refuse(name, 'is required');
  }
  if (faults.length > 0) throw invalidParameters(faults);
  return values;
}

interface ParameterFault {
  name: string;
  error: FieldError;
}

function faultAt(location: ParameterLocation, name: string, detail: string): ParameterFault {
  return { name, error: { pointer: pointerTo(location, name), detail } };
}

function invalidParameters(faults: ParameterFault[]): WarbleError {
  const { name, error } = faults[0]!;
  const errors = faults.map((fault) => fault.error);
  return new WarbleError('invalid_request', `${name} ${error.detail}.`, { errors });
}

function textReader(keywords: Keywords): ReadText {
  const choices = keywords.enum ?? (keywords.const === undefined ? undefined : [keywords.const]);
  if (choices !== undefined) return (text) => (choices.includes(text) ? text : { fault: oneOf(choices) });
  if (keywords.type === 'integer') return integerReader(keywords);
  if (keywords.type === 'boolean') return booleanOf;
  return stringReader(keywords);
}

function booleanOf(text: string): boolean | Fault {
  if (text === 'true') return true;
  return text === 'false' ? false : { fault: 'must be true or false' };
}

function integerReader({ minimum = 0, maximum = 999_999_999 }: Keywords): ReadText {
  const fault: Fault = { fault: `must be a whole number from ${minimum} to ${maximum}` };
  return (text) => {
    const value = /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : Number.NaN;
    return value >= minimum && value <= maximum ? value : fault;
  };
}

function stringReader({ pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY }: Keywords): ReadText {
  const expression = pattern === undefined ? undefined : new RegExp(pattern, 'u');
  return (text) => {
    if (text.length < minLength) return { fault: 'must not be empty' };
    if (text.length > maxLength) return { fault: `must have at most ${maxLength} characters` };
    if (expression !== undefined && !expression.test(text)) return { fault: mustMatch(pattern!) };
    return text;
  };
}

/** The parameters of a URL's query, decoded. Throws `invalid_request` where there are too many or one is not decodable. */
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
