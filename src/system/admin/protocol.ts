/**
 * The protocol of the administration socket, in JSON lines: one request; then lines of progress and one answer or
 * error.
 */
import type { CommandTexts } from './commands.ts';

export interface CommandRequest {
  command: string;
  args: CommandTexts;
  /** The login name of the administrator. It is trusted, as only the server's own user and root can open the socket. */
  by: string;
}

export type CommandMessage = { progress: string } | { answer: unknown } | { error: { detail: string } };

export const MAX_REQUEST_BYTES = 128 * 1024;
/** Room for a thousand accounts, or a thousand audit entries of the greatest length. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** A connection that has not sent its request within this time is closed. */
export const REQUEST_MS = 10_000;
const MAX_ARGUMENTS = 32;
const MAX_NAME = 64;

/** undefined where the line is no valid request. */
export function parseRequest(line: string): CommandRequest | undefined {
  try {
    const { command, args, by } = (JSON.parse(line) ?? {}) as Partial<CommandRequest>;
    if (typeof command !== 'string' || typeof by !== 'string' || by.length > MAX_NAME) return undefined;
    if (typeof args !== 'object' || args === null) return undefined;
    const texts = Object.entries(args);
    if (texts.length > MAX_ARGUMENTS || texts.some(([, text]) => typeof text !== 'string')) return undefined;
    return { command, args, by };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
