/**
 * Large responses are written in pieces, each when the kernel has taken the one before: `bytesWritten` counts a whole
 * write as soon as it is queued, so that otherwise nobody could tell a client that takes its response from one that
 * does not.
 */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

/** As much as a socket lets wait, so that a pipe stops after each of them. */
export const PIECE_BYTES = 64 * 1024;

/** Ends a response with a body of one byte a character ("latin1"). */
export function endInPieces(raw: ServerResponse, body: string): void {
  let at = 0;
  function next(error?: Error | null): void {
    if (error || raw.destroyed) return;
    const piece = body.slice(at, at + PIECE_BYTES);
    at += PIECE_BYTES;
    if (at < body.length) raw.write(piece, 'latin1', next);
    else raw.end(piece, 'latin1');
  }
  next();
}

/** A body as a stream of pieces. */
export function inPieces(body: Buffer): Readable {
  function* pieces() {
    for (let at = 0; at < body.length; at += PIECE_BYTES) yield body.subarray(at, at + PIECE_BYTES);
  }
  return Readable.from(pieces(), { objectMode: false, highWaterMark: PIECE_BYTES });
}
