/** The server side of the socket over which `npm run admin` sends commands to a running server. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { Logger } from 'pino';
import { isWarbleError } from '#domain/errors.ts';
import type { CommandDeps } from './command.ts';
import { runCommand } from './commands.ts';
import { LineTooLong, lineOf, linesOf } from './lines.ts';
import {
  type CommandMessage,
  type CommandRequest,
  MAX_REQUEST_BYTES,
  parseRequest,
  REQUEST_MS,
} from './protocol.ts';
import { makePrivate, socketPlaceOf } from './socket-path.ts';

export interface AdminSocket {
  path: string;
  /** Accepts no more connections and aborts running commands; resolves when they have ended. */
  close(): Promise<void>;
}

export interface AdminSocketDeps {
  /** The data directory. */
  data: string;
  deps: Pick<CommandDeps, 'system' | 'api' | 'backups' | 'clock'>;
  logger: Logger;
}

const MAX_CONNECTIONS = 16;
/** Takes all rights from others: only the owner reads and writes. */
const SOCKET_UMASK = 0o177;

/**
 * Opens the socket of a data directory that this process holds. Throws, with a reason to be logged, where it cannot;
 * the server then runs without it.
 */
export async function openAdminSocket({ data, deps, logger }: AdminSocketDeps): Promise<AdminSocket> {
  const { path, directory } = socketPlaceOf(data);
  if (directory !== null) makePrivate(directory);
  // A socket that is there was left by a process that has ended, as this process holds the data directory.
  if (process.platform !== 'win32') rmSync(path, { force: true });
  const stopping = new AbortController();
  const serving = new Set<Promise<void>>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const served = serve(socket, { deps, logger, stopping: stopping.signal }).finally(() => {
      serving.delete(served);
      socket.destroy();
    });
    serving.add(served);
  });
  server.maxConnections = MAX_CONNECTIONS;
  await listenPrivately(server, path);
  return {
    path,
    async close() {
      stopping.abort();
      const closed = once(server, 'close');
      server.close();
      await Promise.all(serving);
      await closed;
      if (directory !== null) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Binding is synchronous, so that the socket has its mode before anybody can connect. */
async function listenPrivately(server: ReturnType<typeof createServer>, path: string): Promise<void> {
  const listening = once(server, 'listening');
  const umask = process.umask(SOCKET_UMASK);
  try {
    server.listen(path);
  } finally {
    process.umask(umask);
  }
  await listening;
}

interface ServeDeps extends Omit<AdminSocketDeps, 'data'> {
  stopping: AbortSignal;
}

/** Never rejects: errors are answered, logged, or close the connection. */
async function serve(socket: Socket, { deps, logger, stopping }: ServeDeps): Promise<void> {
  const gone = new AbortController();
  let asked = false;
  const leave = () => gone.abort();
  // A client that has sent no request yet is not waited for.
  const stop = () => (asked ? leave() : socket.destroy());
  stopping.addEventListener('abort', stop);
  socket.on('close', leave);
  socket.on('error', leave);
  const send = (message: CommandMessage) => {
    if (!socket.destroyed) socket.write(lineOf(message));
  };
  try {
    const request = await firstRequest(socket);
    asked = true;
    if (request === undefined)
      return send({ error: { detail: 'This is not a request that this socket knows.' } });
    const { command, args, by } = request;
    const answer = await runCommand(command, args, {
      ...deps,
      by,
      from: 'socket',
      serving: true,
      progress: (line) => send({ progress: line }),
      signal: gone.signal,
    });
    logger.info({ command, by }, 'a command of administration');
    send({ answer });
  } catch (error) {
    if (error instanceof LineTooLong) return send({ error: { detail: 'The request is too long.' } });
    if (isWarbleError(error)) return send({ error: { detail: error.message } });
    if (gone.signal.aborted) return;
    logger.error({ err: error }, 'a command of administration failed');
    send({ error: { detail: 'The command failed; the log of the server says why.' } });
  } finally {
    stopping.removeEventListener('abort', stop);
    await ended(socket);
  }
}

async function firstRequest(socket: Socket): Promise<CommandRequest | undefined> {
  socket.setTimeout(REQUEST_MS, () => socket.destroy());
  const { value } = await linesOf(socket, MAX_REQUEST_BYTES).next();
  socket.setTimeout(0);
  return value === undefined ? undefined : parseRequest(value);
}

/** Resolves when everything sent has been handed over, or the connection is closed. */
async function ended(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  socket.setTimeout(REQUEST_MS, () => socket.destroy());
  await new Promise<void>((resolve) => {
    socket.once('close', resolve);
    socket.end(resolve);
  });
}
