/**
 * Large responses are written in chunks, each when the kernel has taken the one before. `bytesWritten` counts a whole
 * write as soon as it is queued, so with one large write a client that reads its response would look like one that
 * does not.
 */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

/** A socket's high-water mark, so that a pipe stops after each chunk. */
export const CHUNK_BYTES = 64 * 1024;

/** Ends a response with a body of one byte a character ("latin1"). */
export function endInChunks(raw: ServerResponse, body: string): void {
  let at = 0;
  function next(error?: Error | null): void {
    if (error || raw.destroyed) return;
    const chunk = body.slice(at, at + CHUNK_BYTES);
    at += CHUNK_BYTES;
    if (at < body.length) raw.write(chunk, 'latin1', next);
    else raw.end(chunk, 'latin1');
  }
  next();
}

/** A body as a stream of chunks. */
export function inChunks(body: Buffer): Readable {
  function* chunks() {
    for (let at = 0; at < body.length; at += CHUNK_BYTES) yield body.subarray(at, at + CHUNK_BYTES);
  }
  return Readable.from(chunks(), { objectMode: false, highWaterMark: CHUNK_BYTES });
}
