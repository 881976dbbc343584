import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TObject } from 'typebox';
import { parameterReader, queryOf } from './parameters.ts';
import type { AnyCall, Route } from './route.ts';
import type { CompileSchema } from './schema-validator.ts';

const NO_PARAMETERS = { type: 'object', properties: {}, additionalProperties: false } as unknown as TObject;

/** Makes of a request, whose body is validated, the call that a route's handler takes. Throws `invalid_request`. */
export function createReadCallStep(route: Route, compile: CompileSchema) {
  const readParams = parameterReader(route.params ?? NO_PARAMETERS, 'path', compile);
  const readQuery = parameterReader(route.query ?? NO_PARAMETERS, 'query', compile);
  const readHeaders = parameterReader(route.headers ?? NO_PARAMETERS, 'header', compile);
  /** Others than those that the schema names are nobody's business. */
  const headerNames = Object.keys(route.headers?.properties ?? {});
  return (request: FastifyRequest, reply: FastifyReply): AnyCall => {
    const { body, caller, id: traceId } = request;
    const params = readParams(Object.entries(request.params as Record<string, string>));
    const query = readQuery(queryOf(request.raw.url ?? ''));
    const headers = headerNames.length === 0 ? {} : readHeaders(given(request, headerNames));
    return { params, query, headers, body, caller, traceId, request, reply };
  };
}

function given({ headers }: FastifyRequest, names: string[]): [name: string, text: string][] {
  return names.flatMap((name): [string, string][] => {
    const value = headers[name];
    return value === undefined ? [] : [[name, String(value)]];
  });
}
