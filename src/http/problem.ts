/** Errors as problem documents (RFC 9457), with the status and code of the catalogue. */
import { STATUS_CODES } from 'node:http';
import { type Static, Type } from 'typebox';
import { ERROR_CATALOGUE, type ErrorCode, type Pointer, WarbleError } from '#domain/errors.ts';
import { MAX_FAULTS } from './schema-faults.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

const CODES = Object.keys(ERROR_CATALOGUE) as ErrorCode[];
const POINTER_SCHEMA = Type.Unsafe<Pointer>({
  type: 'string',
  pattern: '^#(/([^~/]|~[01])*)*$',
  description:
    'A JSON pointer as a URI fragment (RFC 6901): `#/name/0` into the body, or `#/query/name`, `#/path/name`, `#/header/name`.',
});
const FIELD_ERROR_SCHEMA = Type.Object(
  { pointer: POINTER_SCHEMA, detail: Type.String() },
  { title: 'FieldError', additionalProperties: false },
);
export const PROBLEM_SCHEMA = Type.Object(
  {
    type: Type.String({ format: 'uri-reference' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What to do about it.' }),
    code: Type.Unsafe<ErrorCode>({ type: 'string', title: 'ErrorCode', enum: CODES }),
    errors: Type.Optional(Type.Array(FIELD_ERROR_SCHEMA)),
  },
  { title: 'Problem', description: 'A problem document (RFC 9457).', additionalProperties: false },
);
export type Problem = Static<typeof PROBLEM_SCHEMA>;

/** The document of an error. `type` points at the error's entry in the docs. */
export function problemOf(error: WarbleError): Problem {
  const { status, title } = ERROR_CATALOGUE[error.code];
  const problem: Problem = {
    type: `/docs#${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
  };
  if (error.errors !== undefined && error.errors.length > 0) {
    problem.errors = error.errors.slice(0, MAX_FAULTS);
  }
  return problem;
}

/**
 * Anything thrown, as a WarbleError. An unexpected error becomes `unavailable`, without its own message; `expected:
 * false` says that it belongs in the log.
 */
export function asWarbleError(error: unknown): { error: WarbleError; expected: boolean } {
  if (error instanceof WarbleError) return { error, expected: true };
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const known = typeof code === 'string' ? FRAMEWORK_ERRORS[code] : undefined;
  if (known !== undefined) return { error: new WarbleError(known.code, known.detail), expected: true };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    const text = STATUS_CODES[statusCode] ?? 'Bad Request';
    return {
      error: new WarbleError('invalid_request', `The request cannot be read (${text}).`),
      expected: true,
    };
  }
  return {
    error: new WarbleError('unavailable', 'Something went wrong here; try again in a moment.', {
      cause: error,
    }),
    expected: false,
  };
}

interface Known {
  code: ErrorCode;
  detail: string;
}
/** Errors that the framework makes before a route is reached. */
const FRAMEWORK_ERRORS: Record<string, Known> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'too_large', detail: 'The body is larger than this call allows.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported_media_type',
    detail: 'Send JSON, with Content-Type: application/json.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'invalid_request',
    detail: 'The body is not as long as Content-Length says.',
  },
  FST_ERR_BAD_URL: { code: 'invalid_request', detail: 'The path is not percent-encoded UTF-8.' },
};
