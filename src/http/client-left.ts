import type { FastifyReply } from 'fastify';
import { WarbleError } from '#domain/errors.ts';

/** Aborts when the client has hung up; what then waits for its turn need not be done. */
export function clientLeft({ raw }: Pick<FastifyReply, 'raw'>): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort(new WarbleError('request_timeout', 'The client has hung up.'));
  if (raw.destroyed) abort();
  else raw.once('close', abort);
  return controller.signal;
}
