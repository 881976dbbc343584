/**
 * What travels over the socket for administration: one request, a line of JSON; then lines of progress and one answer
 * or error.
 */
import type { CommandTexts } from './commands.ts';

export interface CommandRequest {
  command: string;
  args: CommandTexts;
  /** The login name of who acts. The socket lets in nobody but the server's own user and root, so it is believed. */
  by: string;
}

export type CommandMessage = { progress: string } | { answer: unknown } | { error: { detail: string } };

export const MAX_REQUEST_BYTES = 128 * 1024;
/** A thousand people, or a thousand entries of the audit log at their longest. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** A connection that has not sent its request by then is cut. */
export const REQUEST_MS = 10_000;
const MAX_ARGUMENTS = 32;
const MAX_NAME = 64;

/** undefined: it is no request. */
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
