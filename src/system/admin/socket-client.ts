import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { ConfigError } from '../config-error.ts';
import { lineOf, linesOf } from './lines.ts';
import { type CommandMessage, type CommandRequest, MAX_MESSAGE_BYTES } from './protocol.ts';
import { checkOwnedAs, socketPlaceOf } from './socket-path.ts';

/** Connects to the server that holds a data directory; undefined where none is running. Throws ConfigError. */
export async function connectAdmin(data: string): Promise<Socket | undefined> {
  const { path, directory } = socketPlaceOf(data);
  if (directory !== null) {
    if (!existsSync(directory)) return undefined;
    checkOwnedAs(directory, data);
  }
  const socket = connect(path);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return socket;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // There is no socket, or a killed process left it.
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    throw new ConfigError(
      `the server's socket ${path} cannot be used (${code}); run this as the user that runs the server, or as root.`,
    );
  }
}

/** Has the server run a command. Throws ConfigError with the server's error. */
export async function ask(
  socket: Socket,
  request: CommandRequest,
  progress: (line: string) => void,
): Promise<unknown> {
  socket.write(lineOf(request));
  try {
    for await (const line of linesOf(socket, MAX_MESSAGE_BYTES)) {
      const message = JSON.parse(line) as CommandMessage;
      if ('answer' in message) return message.answer;
      if ('error' in message) throw new ConfigError(message.error.detail);
      progress(message.progress);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPIPE' && code !== 'ECONNRESET') throw error;
  } finally {
    socket.destroy();
  }
  throw new ConfigError(
    'the server closed the connection before it answered: it is stopping, or too many connections are open. Look at the audit log before you try again.',
  );
}
