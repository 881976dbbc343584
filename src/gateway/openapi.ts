/** The OpenAPI 3.1 document, made from the very definitions that validate and answer. */
import type { TObject, TSchema } from 'typebox';
import { ERROR_CATALOGUE, type ErrorCode } from '#contract/errors.ts';
import { API_PREFIX } from './registration.ts';
import type { Route, RouteMethod } from './route.ts';

type Json = Record<string, unknown>;

export interface OpenApiDocument {
  openapi: '3.1.0';
  info: Json;
  servers: Json[];
  tags: Json[];
  paths: Record<string, Record<string, Json>>;
  components: { schemas: Json; securitySchemes: Json };
}

const PROBLEM_SCHEMA = {
  type: 'object',
  title: 'Problem',
  description: 'A problem document (RFC 9457).',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What to do about it.' },
    code: { type: 'string', enum: Object.keys(ERROR_CATALOGUE) },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: {
          pointer: {
            type: 'string',
            pattern: '^#(/([^~/]|~[01])*)*$',
            description:
              'A JSON pointer as a URI fragment (RFC 6901): `#/name/0` into the body, or `#/query/name`, `#/path/name`, `#/header/name`.',
          },
          detail: { type: 'string' },
        },
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
};

/** Makes the document of these routes. `origin`: that of the server, where it is known. */
export function openApiOf(
  routes: readonly Route[],
  version: string,
  origin: string | null = null,
): OpenApiDocument {
  const components = new Map<string, unknown>([['Problem', PROBLEM_SCHEMA]]);
  const paths: OpenApiDocument['paths'] = {};
  for (const route of routes) {
    const path = documentedPath(route);
    paths[path] ??= {};
    for (const method of route.methods) {
      paths[path][method.toLowerCase()] = operationOf(route, method, components);
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Warble',
      version,
      description: 'A microblog: post, follow, like, comment, repost, and read your home feed.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: origin ?? '/' }],
    tags: [...new Set(routes.map(({ topic }) => topic))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(components),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'The token of /signup or /login.' },
        cookie: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-warble',
          description: 'From /signup or /login with `session: "cookie"`; same-origin only.',
        },
      },
    },
  };
}

/** A route's path as the document names it. */
export function documentedPath({ root, path }: Route): string {
  return (root ? '' : API_PREFIX) + path;
}

function operationOf(route: Route, method: RouteMethod, components: Map<string, unknown>): Json {
  const body = route.body === null ? {} : { requestBody: requestBodyOf(route, components) };
  const description = route.description === '' ? {} : { description: route.description };
  return {
    operationId: method === route.methods[0] ? route.name : `${route.name}With${method}`,
    tags: [route.topic],
    summary: route.summary,
    ...description,
    security: securityOf(route),
    parameters: [
      ...parametersOf(route.params, 'path', components),
      ...parametersOf(route.query, 'query', components),
      ...parametersOf(route.headers, 'header', components),
    ],
    ...body,
    responses: responsesOf(route, components),
  };
}

function securityOf({ auth }: Route): Json[] {
  if (auth === 'none') return [];
  const signedIn = [{ bearer: [] }, { cookie: [] }];
  return auth === 'required' ? signedIn : [{}, ...signedIn];
}

function parametersOf(schema: TObject | null, place: string, components: Map<string, unknown>): Json[] {
  if (schema === null) return [];
  const required = new Set<string>(schema.required ?? []);
  return Object.entries(schema.properties).map(([name, property]) => {
    const { description, ...rest } = property as { description?: string; default?: unknown };
    return {
      name,
      in: place,
      required: required.has(name) && rest.default === undefined,
      ...(description === undefined ? {} : { description }),
      schema: withReferences(rest, components),
    };
  });
}

function requestBodyOf({ body, consumes }: Route, components: Map<string, unknown>): Json {
  const type = consumes === 'json' ? 'application/json' : 'multipart/form-data';
  return { required: true, content: { [type]: { schema: withReferences(body, components) } } };
}

/** The answer with what every write says beside it. */
export function answerSchemaOf({ answer, methods }: Route): TSchema {
  if (methods.includes('GET')) return answer;
  const { properties, required = [] } = answer as TObject;
  return {
    type: 'object',
    required: ['status', 'time', ...required],
    properties: {
      status: { type: 'integer', const: 200 },
      time: { type: 'string', format: 'date-time' },
      ...properties,
    },
    additionalProperties: false,
  } as TSchema;
}

function responsesOf(route: Route, components: Map<string, unknown>): Json {
  const responses: Json = {
    200: {
      description: 'Done.',
      content: {
        [route.produces]: {
          schema:
            route.produces === 'application/json' ? withReferences(answerSchemaOf(route), components) : {},
        },
      },
    },
  };
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(route)) {
    const { status } = ERROR_CATALOGUE[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    responses[status] = problemResponse(
      codes.map((code) => `\`${code}\`: ${ERROR_CATALOGUE[code].title}.`).join(' '),
    );
  }
  responses.default = problemResponse('Any other fault.');
  return responses;
}

function problemResponse(description: string): Json {
  return {
    description,
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

/** The errors that a route can answer with: its own and those that follow from what it is. */
export function errorsOf(route: Route): ErrorCode[] {
  const codes = new Set<ErrorCode>([
    'invalid_request',
    'unauthenticated',
    'rate_limited',
    'overloaded',
    'unavailable',
  ]);
  if (route.body !== null) {
    for (const code of ['invalid_json', 'too_large', 'unsupported_media_type'] as const) codes.add(code);
  }
  // A write by cookie from another site.
  if (!route.methods.includes('GET'))
    for (const code of ['forbidden', 'storage_full'] as const) codes.add(code);
  for (const code of route.errors) codes.add(code);
  return [...codes];
}

/** A copy in which every schema that has a title is a reference to a component. */
function withReferences(schema: unknown, components: Map<string, unknown>): unknown {
  if (Array.isArray(schema)) return schema.map((item) => withReferences(item, components));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { title } = schema as { title?: unknown };
  if (typeof title !== 'string') return copy(schema, components);
  if (!components.has(title)) {
    components.set(title, null);
    components.set(title, copy(schema, components));
  }
  return { $ref: `#/components/schemas/${title}` };
}

function copy(schema: object, components: Map<string, unknown>): unknown {
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, withReferences(value, components)]),
  );
}
