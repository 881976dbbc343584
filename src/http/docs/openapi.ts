/** The OpenAPI 3.1 document, made from the definitions that also validate. */
import { isDeepStrictEqual } from 'node:util';
import type { TObject, TSchema } from 'typebox';
import { ERROR_CATALOGUE, type ErrorCode } from '#domain/errors.ts';
import { PROBLEM_SCHEMA } from '../problem.ts';
import { API_PREFIX } from '../registration.ts';
import type { Route, RouteMethod } from '../route.ts';
import type { Examples } from './examples.ts';
import { headersOfProblem, headersOfSuccess, SHARED_HEADERS } from './openapi-headers.ts';

type Json = Record<string, unknown>;

export interface OpenApiDocument {
  openapi: '3.1.0';
  info: Json;
  servers: Json[];
  tags: Json[];
  paths: Record<string, Record<string, Json>>;
  components: { schemas: Json; responses: Json; headers: Json; securitySchemes: Json };
}

export interface OpenApiRequest {
  routes: readonly Route[];
  title: string;
  description: string;
  version: string;
  examples: Examples;
  /** The server's, if known. */
  origin?: string | null;
}

/** What describes an operation, beside its route. */
interface Described {
  components: Components;
  examples: Examples;
}

/** Makes the document of these routes. */
export function openApiOf(request: OpenApiRequest): OpenApiDocument {
  const { routes, title, description, version, examples, origin = null } = request;
  const components = createComponents(examples.problem);
  const described = { components, examples };
  const paths: OpenApiDocument['paths'] = {};
  for (const route of routes) {
    const path = documentedPath(route);
    paths[path] ??= {};
    for (const method of route.methods) {
      paths[path][method.toLowerCase()] = operationOf(route, method, described);
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title,
      version,
      description,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: origin ?? '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: components.schemas,
      responses: components.responses,
      headers: SHARED_HEADERS,
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

function operationOf(route: Route, method: RouteMethod, described: Described): Json {
  const { components } = described;
  const name = method === route.methods[0] ? route.operationId : `${route.operationId}With${method}`;
  const body = route.body === null ? {} : { requestBody: requestBodyOf(route, name, described) };
  const description = route.description === '' ? {} : { description: route.description };
  return {
    operationId: name,
    tags: [route.tag],
    summary: route.summary,
    ...description,
    security: securityOf(route),
    parameters: [
      ...parametersOf(route.params, 'path', components),
      ...parametersOf(route.query, 'query', components),
      ...parametersOf(route.headers, 'header', components),
    ],
    ...body,
    responses: responsesOf(route, name, described),
  };
}

function securityOf({ auth }: Route): Json[] {
  if (auth === 'none') return [];
  const signedIn = [{ bearer: [] }, { cookie: [] }];
  return auth === 'required' ? signedIn : [{}, ...signedIn];
}

function parametersOf(schema: TObject | null, location: string, components: Components): Json[] {
  if (schema === null) return [];
  const required = new Set<string>(schema.required ?? []);
  return Object.entries(schema.properties).map(([name, property]) => {
    const { description, ...rest } = property as { description?: string; default?: unknown };
    return {
      name: location === 'header' ? canonicalName(name) : name,
      in: location,
      required: required.has(name) && rest.default === undefined,
      ...(description === undefined ? {} : { description }),
      schema: components.referring(rest),
    };
  });
}

/** `last-event-id` as it is usually written: Last-Event-ID. */
function canonicalName(header: string): string {
  return header.replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase()).replace(/-Id$/, '-ID');
}

function requestBodyOf({ body, consumes }: Route, name: string, { components, examples }: Described): Json {
  const type = consumes === 'json' ? 'application/json' : 'multipart/form-data';
  const example = examples.calls[name]?.body;
  const content = { schema: components.referring(body), ...(example === undefined ? {} : { example }) };
  return { required: true, content: { [type]: content } };
}

/** The response, for writes with `status` and `time`, under the response's title. */
export function responseSchemaOf({ response, methods }: Route): TSchema {
  if (methods.includes('GET')) return response;
  const {
    properties,
    required = [],
    title,
    description,
  } = response as TObject & { title?: string; description?: string };
  return {
    type: 'object',
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    required: ['status', 'time', ...required],
    properties: {
      status: { type: 'integer', const: 200 },
      time: { type: 'string', format: 'date-time' },
      ...properties,
    },
    additionalProperties: false,
  } as TSchema;
}

function responsesOf(route: Route, name: string, described: Described): Json {
  const { components } = described;
  const responses: Json = {
    200: {
      description: 'Done.',
      headers: headersOfSuccess(route),
      content: { [route.produces]: contentOf(route, name, described) },
    },
  };
  if (route.headers !== null && 'if-none-match' in route.headers.properties) {
    responses[304] = { description: 'It is what you have.', headers: headersOfSuccess(route) };
  }
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(route)) {
    const { status } = ERROR_CATALOGUE[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    responses[status] = problemResponse(codes, components);
  }
  responses.default = problemResponse(null, components);
  return responses;
}

function contentOf(route: Route, name: string, { components, examples }: Described): Json {
  const isJson = route.produces === 'application/json';
  const example = examples.calls[name]?.response;
  return {
    schema: components.referring(isJson ? responseSchemaOf(route) : route.response),
    // OpenAPI 3.1 cannot describe the events of a stream.
    ...(route.events === null ? {} : { 'x-events': components.referring(route.events) }),
    ...(example === undefined ? {} : { example }),
  };
}

/** A reference to the response for problems with these codes, which share a status; null: for any. */
function problemResponse(codes: ErrorCode[] | null, components: Components): Json {
  const name = codes === null ? 'AnyProblem' : codes.map(pascalCase).join('Or');
  components.responses[name] ??= {
    description:
      codes === null
        ? 'Any other fault.'
        : codes.map((code) => `\`${code}\`: ${ERROR_CATALOGUE[code].title}.`).join(' '),
    headers: headersOfProblem(codes),
    content: { 'application/problem+json': { schema: components.referring(components.problem) } },
  };
  return { $ref: `#/components/responses/${name}` };
}

function pascalCase(code: ErrorCode): string {
  return code.replaceAll(/(?:^|_)(.)/g, (_start, letter: string) => letter.toUpperCase());
}

/** The errors of a route: its own, and those that follow from its definition. */
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
  // A write with the cookie from another site.
  if (!route.methods.includes('GET'))
    for (const code of ['forbidden', 'storage_full'] as const) codes.add(code);
  for (const code of route.errors) codes.add(code);
  return [...codes];
}

interface Components {
  schemas: Json;
  responses: Json;
  problem: Json;
  /**
   * A copy of the schema in which every part with a title is a reference to the component of that name. Examples are
   * copied as they are.
   */
  referring(schema: unknown): unknown;
}

/** Collects components. Throws if two different schemas share a title. */
function createComponents(problemExample: unknown): Components {
  const schemas: Json = {};

  function referring(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map(referring);
    if (typeof schema !== 'object' || schema === null) return schema;
    const { title, default: fallback, ...rest } = schema as { title?: unknown; default?: unknown };
    if (typeof title !== 'string') return copy(schema);
    const component = copy({ title, ...rest });
    schemas[title] ??= component;
    if (!isDeepStrictEqual(schemas[title], component)) throw new Error(`Two schemas are called ${title}.`);
    const reference = { $ref: `#/components/schemas/${title}` };
    // A default belongs to the field, not to the component.
    return fallback === undefined ? reference : { ...reference, default: fallback };
  }

  function copy(schema: object): unknown {
    return Object.fromEntries(
      Object.entries(schema).map(([key, value]) => [key, key === 'examples' ? value : referring(value)]),
    );
  }
  const problem = { ...PROBLEM_SCHEMA, examples: [problemExample] };
  return { schemas, responses: {}, problem, referring };
}
