/** JSON lines of bounded length over a socket. */
import type { Socket } from 'node:net';

/** Thrown where a line is longer than the bound. */
export class LineTooLong extends Error {}

/** The lines that arrive, without line ends. Ends with the connection, and drops an incomplete last line. */
export async function* linesOf(socket: Socket, maxBytes: number): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      parts.push(rest.subarray(0, end));
      if (length + end > maxBytes) throw new LineTooLong();
      yield Buffer.concat(parts).toString('utf8');
      parts = [];
      length = 0;
      rest = rest.subarray(end + 1);
    }
    parts.push(rest);
    length += rest.length;
    if (length > maxBytes) throw new LineTooLong();
  }
}

/** Encodes one line. */
export function lineOf(message: unknown): string {
  return `${JSON.stringify(message)}\n`;
}
