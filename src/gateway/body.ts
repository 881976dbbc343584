/** Reading JSON bodies: strict UTF-8, plain JSON.parse (`__proto__` stays an unknown field like any other). */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { WarbleError } from '#contract/errors.ts';

/**
 * Makes the app read bodies. Routes with a JSON body take `application/json`, any `+json`, or no Content-Type;
 * routes without a body read and drop whatever comes, within their limit.
 */
export function registerBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    try {
      done(null, parseBody(request, body));
    } catch (error) {
      done(error as Error);
    }
  });
}

const JSON_TYPE = /^application\/(?:[a-z0-9.+-]*\+)?json\s*(?:;|$)/i;

/** Whether a body is meant as JSON: said so, or nothing said. */
export function isJsonType({ headers }: FastifyRequest): boolean {
  const type = headers['content-type'];
  return type === undefined || JSON_TYPE.test(type);
}

export function notJson(): WarbleError {
  return new WarbleError('unsupported_media_type', 'Send JSON, with Content-Type: application/json.');
}

function parseBody(request: FastifyRequest, body: Buffer): unknown {
  const route = request.routeOptions.config.route;
  if (route === undefined || route.body === null) return undefined;
  if (route.consumes !== 'json') {
    throw new WarbleError('unsupported_media_type', 'Send the file as multipart/form-data.');
  }
  if (!isJsonType(request)) throw notJson();
  return parseJson(body);
}

/** Throws `invalid_json` without repeating any of the body. */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new WarbleError('invalid_json', 'Send one JSON value in UTF-8, such as {"content": "hello"}.', {
      cause,
    });
  }
}
