/**
 * What the log and the metrics record of a request: its route's pattern and its user, never a path, token, password
 * or text.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type LogAddresses, loggedAddress } from './log-address.ts';
import type { GatewayMetrics } from './metrics.ts';

/** Where requests and unexpected errors are written; pino's methods. */
export interface RequestLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Unknown methods share one label, to bound the number of labels. */
const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);

export interface Recorded {
  metrics: GatewayMetrics;
  logger: RequestLog | undefined;
  logAddresses: LogAddresses;
  request: FastifyRequest;
  reply: FastifyReply;
  duration_ms: number;
}

/** Records a request that is over. */
export function record({ metrics, logger, logAddresses, request, reply, duration_ms }: Recorded): void {
  const route = request.routeOptions.url ?? 'unmatched';
  const { method } = request;
  // 499, as nginx has it: the client went away before its response was whole.
  const status = reply.raw.writableFinished ? reply.statusCode : 499;
  metrics.answered({
    route,
    method: KNOWN_METHODS.has(method) ? method : 'other',
    status,
    duration_s: duration_ms / 1_000,
  });
  // Refused requests are logged together, one line a minute.
  if (request.refused) return;
  logger?.info(
    {
      requestId: request.id,
      method,
      route,
      status,
      duration_ms: Math.round(duration_ms * 100) / 100,
      userId: request.caller?.userId,
      address: loggedAddress(request.clientAddress, logAddresses),
      ...request.errorLog,
    },
    'request',
  );
}
