/** Fastify, set up: bounds of connections and headers, ids of requests, the one validator, and problem documents for what it refuses itself. */
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { FastifyValidationResult } from 'fastify/types/schema.js';
import type { TSchema } from 'typebox';
import type { Random } from '#platform/random.ts';
import type { ServerBounds } from './bounds.ts';
import type { TrustProxy } from './limits/addresses.ts';
import { answerMalformed, handleTunnelsAndExpectations } from './malformed-requests.ts';
import { asWarbleError } from './problem.ts';
import { sendProblem } from './problem-responses.ts';
import { invalidRequest, type SchemaFault } from './schema-faults.ts';
import { type CompileSchema, createSchemaCompiler } from './schema-validator.ts';
import { setSecurityHeaders } from './security-headers.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The validator of bodies and parameters. */
    compileSchema: CompileSchema;
  }
}

/** How often slow headers are looked for. */
const SLOW_CHECK_MS = 1_000;
/** A request id from the client is kept where it is harmless in a log. */
const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

export interface FastifyAppDeps {
  random: Random;
  bounds: ServerBounds;
  trustProxy: TrustProxy | undefined;
}

export function createFastifyApp({ random, bounds, trustProxy }: FastifyAppDeps): FastifyInstance {
  const requestId = requestIds(random);
  const app: FastifyInstance = fastify({
    // Requests are logged once, when they are over, without the cost of a logger for each.
    logger: false,
    trustProxy: trustProxy ?? false,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : requestId();
    },
    // Bodies and responses have a least rate instead.
    requestTimeout: 0,
    connectionTimeout: 0,
    keepAliveTimeout: bounds.keepAlive_ms,
    http: {
      maxHeaderSize: bounds.headers_bytes,
      headersTimeout: bounds.headers_ms,
      connectionsCheckingInterval: SLOW_CHECK_MS,
      // Asked for by `requireHost`, with a problem document.
      requireHostHeader: false,
    },
    // Names that are too long are refused by their schemas, with the field's name.
    routerOptions: { maxParamLength: bounds.headers_bytes, querystringParser: () => ({}) },
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    schemaErrorFormatter: (faults) => invalidRequest('body', faults as SchemaFault[]),
    frameworkErrors: (error, request, reply) => {
      setSecurityHeaders(request, reply as FastifyReply);
      sendProblem(asWarbleError(error).error, request, reply as FastifyReply);
    },
    clientErrorHandler: answerMalformed,
  });
  const compile = createSchemaCompiler();
  app.setValidatorCompiler(({ schema }) => compile(schema as TSchema) as FastifyValidationResult);
  app.decorate('compileSchema', compile);
  decorateRequests(app);
  handleTunnelsAndExpectations(app.server);
  return app;
}

/** What steps note on a request; see route.ts. */
function decorateRequests(app: FastifyInstance): void {
  app.decorateRequest('caller', null);
  app.decorateRequest('clientAddress', '');
  app.decorateRequest('address', '');
  app.decorateRequest('refused', false);
  app.decorateRequest('errorLog', null);
}

/** Ids of requests: unique in a process and, by eight random digits, among processes. */
function requestIds(random: Random): () => string {
  const prefix = random.bytes(4).toString('hex');
  let count = 0;
  return () => `${prefix}-${(++count).toString(36)}`;
}
