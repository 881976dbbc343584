import type { FastifyReply } from 'fastify';
import { WarbleError } from '#domain/errors.ts';

/** A signal that aborts when the client hangs up, so that work still queued for it is not done. */
export function clientLeft({ raw }: Pick<FastifyReply, 'raw'>): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort(new WarbleError('request_timeout', 'The client has hung up.'));
  if (raw.destroyed) abort();
  else raw.once('close', abort);
  return controller.signal;
}
