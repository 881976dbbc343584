/** Requests that never reach a route, or that Node would refuse without a body: they get problem documents too. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WarbleError } from '#domain/errors.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';

/** For input that is no HTTP: there is no reply object, so the response is written by hand. */
export function answerMalformed(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  refuse(socket, problemOfMalformed(error.code));
}

/** Refuses tunnels, and ignores expectations other than `100-continue` (RFC 9110, 10.1.1). */
export function handleTunnelsAndExpectations(server: Server): void {
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    // Node has removed its own listeners.
    socket.on('error', () => socket.destroy());
    refuse(socket, new WarbleError('invalid_request', 'This server does not open tunnels.'));
  });
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}

/** Throws `invalid_request` if an HTTP/1.1 request has no Host header, or two (RFC 9112, 3.2). */
export function requireHost({ httpVersion, rawHeaders }: IncomingMessage): void {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  if (hosts === 1 || (hosts === 0 && httpVersion === '1.0')) return;
  throw new WarbleError('invalid_request', 'Send one Host header, with the name of this server.');
}

/** Answers on a connection whose request has no usable reply object, and closes it. */
export function refuse(socket: Duplex, error: WarbleError): void {
  const problem = problemOf(error);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function problemOfMalformed(code: string | undefined): WarbleError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new WarbleError('headers_too_large', 'Send fewer or shorter headers.');
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new WarbleError('request_timeout', 'The request took too long to arrive; send it again.');
  }
  return new WarbleError('invalid_request', 'This is not a valid HTTP/1.1 request.');
}
