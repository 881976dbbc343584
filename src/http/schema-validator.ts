/** The one validator of what clients send, bodies and parameters alike: Ajv, which takes each value for what it is. */
import { Ajv } from 'ajv';
import type { TSchema } from 'typebox';
import type { SchemaFault } from './schema-faults.ts';

/** Whether a value is of its schema; where it is not, `errors` says why. Fills in defaults of fields that are absent. */
export interface Validate {
  (value: unknown): boolean;
  errors?: null | SchemaFault[];
}

/** Prepares validators. Throws where a schema has keywords or formats that Ajv does not know. */
export type CompileSchema = (schema: TSchema) => Validate;

/** `verbose`: so that a fault can name the whole range of a number. No coercion: it takes `0x10`, `1e1` and `" 5 "` for numbers. */
export function createSchemaCompiler(): CompileSchema {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, useDefaults: true, verbose: true });
  return (schema) => ajv.compile(schema) as Validate;
}
