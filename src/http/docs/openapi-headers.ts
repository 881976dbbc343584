/** The header fields of responses, as the OpenAPI document declares them. */
import { ERROR_CATALOGUE, type ErrorCode } from '#domain/errors.ts';
import type { Route } from '../route.ts';

type Json = Record<string, unknown>;

/** Headers shared by many calls: components of the document, by name. */
export const SHARED_HEADERS = {
  'X-Request-Id': {
    description:
      "Names this request in the server's log. It is the request's own X-Request-Id where that has 8 to 64 letters, digits, dots, underscores or hyphens.",
    required: true,
    schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{8,64}$' },
    example: '1f8a03c2-4d',
  },
  'RateLimit-Policy': {
    description: 'Which limit the call counts against: its name, `q` requests in any `w` seconds.',
    schema: { type: 'string' },
    example: '"read";q=900;w=900',
  },
  RateLimit: {
    description: 'What is left of that limit: `r` requests, and more in `t` seconds.',
    schema: { type: 'string' },
    example: '"read";r=899;t=1',
  },
  'Retry-After': {
    description: 'Send it again after so many seconds.',
    required: true,
    schema: { type: 'string', pattern: '^(0|[1-9][0-9]*)$' },
    example: '1',
  },
  'WWW-Authenticate': {
    description: 'How to sign in.',
    required: true,
    schema: { type: 'string' },
    example: 'Bearer realm="warble"',
  },
} as const;

type SharedHeader = keyof typeof SHARED_HEADERS;

const ALWAYS: SharedHeader[] = ['X-Request-Id', 'RateLimit-Policy', 'RateLimit'];

/** The headers of a success: those of all responses, and the call's own. */
export function headersOfSuccess({ responseHeaders }: Route): Json {
  const own = Object.entries(responseHeaders?.properties ?? {}).map(([name, property]) => {
    const { description, examples, ...schema } = property as { description?: string; examples?: unknown[] };
    const required = responseHeaders?.required?.includes(name) === true;
    return [
      name,
      { ...(description === undefined ? {} : { description }), required, schema, example: examples?.[0] },
    ];
  });
  return { ...referencesTo(ALWAYS), ...Object.fromEntries(own) };
}

/** The headers of problems with these codes, which share a status; null: of any problem. */
export function headersOfProblem(codes: readonly ErrorCode[] | null): Json {
  const names = [...ALWAYS];
  const status = codes?.[0] === undefined ? 0 : ERROR_CATALOGUE[codes[0]].status;
  if (status === 429 || status === 503) names.push('Retry-After');
  if (status === 401) names.push('WWW-Authenticate');
  return referencesTo(names);
}

function referencesTo(names: readonly SharedHeader[]): Json {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
