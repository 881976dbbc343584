/** Reading JSON bodies: strict UTF-8, plain JSON.parse (`__proto__` stays an unknown field like any other). */
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  preValidationHookHandler,
  RequestPayload,
} from 'fastify';
import { WarbleError } from '#domain/errors.ts';
import type { Route } from './route.ts';

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

/**
 * A call that needs no sign-in takes JSON only with the JSON content type: another site's page can send any other
 * type, or none, without a preflight. Throws `unsupported_media_type`.
 */
export function requireJsonType({ headers, routeOptions }: FastifyRequest): void {
  const { route } = routeOptions.config;
  if (route === undefined || route.auth !== 'none' || route.body === null || route.consumes !== 'json')
    return;
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) throw notJson();
}

/** Content and transfer codings that leave a body unchanged. */
const NO_CODING = new Set(['', 'identity', 'chunked']);
const UTF_8 = new Set(['utf-8', 'utf8', 'us-ascii']);

/** Bodies are UTF-8 and not compressed. Throws `unsupported_media_type` if the headers say otherwise. */
export async function requirePlainBody(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  payload: RequestPayload,
): Promise<RequestPayload> {
  const codings = `${headers['content-encoding'] ?? ''},${headers['transfer-encoding'] ?? ''}`;
  if (!codings.split(',').every((coding) => NO_CODING.has(coding.trim().toLowerCase()))) {
    reply.header('accept-encoding', 'identity');
    throw new WarbleError('unsupported_media_type', 'Send the body as it is, without Content-Encoding.');
  }
  if (!charsetsOf(headers['content-type'] ?? '').every((charset) => UTF_8.has(charset))) {
    throw new WarbleError(
      'unsupported_media_type',
      'Send the body in UTF-8; leave charset out or say utf-8.',
    );
  }
  return payload;
}

/** Refuses a request without its JSON body, with another error than for a wrong body. */
export function requireBody({ body, consumes }: Route): preValidationHookHandler {
  if (body === null || consumes !== 'json') return (_request, _reply, done) => done();
  return (request, _reply, done) => {
    if (request.body !== undefined) return done();
    done(isJsonType(request) ? new WarbleError('invalid_json', 'This call needs a JSON body.') : notJson());
  };
}

function charsetsOf(type: string): string[] {
  const parameters = type.split(';').slice(1);
  return parameters.flatMap((parameter) => {
    const [name = '', value = ''] = parameter.split('=', 2).map((text) => text.trim().toLowerCase());
    return name === 'charset' ? [value.replace(/^"(.*)"$/, '$1')] : [];
  });
}

/** Whether a body counts as JSON: its type says so, or it has none. */
function isJsonType({ headers }: FastifyRequest): boolean {
  const type = headers['content-type'];
  return type === undefined || JSON_TYPE.test(type);
}

function notJson(): WarbleError {
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

/** Throws `invalid_json`, whose message repeats nothing of the body. */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new WarbleError('invalid_json', 'Send one JSON value in UTF-8, such as {"content": "hello"}.', {
      cause,
    });
  }
}
