/** Reads an upload: one file and its description, as multipart/form-data. */
import multipart, { type Multipart } from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isWarbleError, pointerTo, WarbleError } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';
import { shortName } from '#http/schema-faults.ts';
import type { SpooledFile } from '#http/upload-spool.ts';

export interface ReceivedUpload {
  fileName: string;
  alt: string;
  /** The caller must discard it. */
  file: SpooledFile;
}

/** Stores the file of an upload while it arrives. */
export type ReceiveFile = (source: AsyncIterable<Buffer>) => Promise<SpooledFile>;

const PARTS = { files: 1, fields: 8, parts: 8, headerPairs: 16, fieldNameSize: 100 };
/** More than the longest description can have before it is normalised. */
const ALT_BYTES = 32 * 1024;
/** A multipart body with the largest file; the rest is boundaries, names and the description. */
export const UPLOAD_BYTES = LIMITS.mediaBytes + 64 * 1024;

/** Makes the app read multipart bodies. Call it once, after the other parsers were registered. */
export function registerMultipart(app: FastifyInstance): void {
  app.register(multipart, {
    limits: { ...PARTS, fileSize: LIMITS.mediaBytes, fieldSize: ALT_BYTES },
    throwFileSizeLimit: true,
  });
}

/**
 * Throws unsupported_media_type, too_large, invalid_text, invalid_request (parts missing, unknown or repeated), and
 * what `receive` throws; the file is then discarded.
 */
export async function readUpload(request: FastifyRequest, receive: ReceiveFile): Promise<ReceivedUpload> {
  if (!request.isMultipart()) {
    throw new WarbleError(
      'unsupported_media_type',
      'Send the picture as multipart/form-data, in the part "file".',
    );
  }
  const received: Partial<ReceivedUpload> = {};
  try {
    await readParts(request, receive, received);
    const { file, fileName = '', alt = '' } = received;
    if (file === undefined) throw invalid('file', 'is required, as a file with a name');
    return { file, fileName, alt };
  } catch (error) {
    await received.file?.discard();
    throw isWarbleError(error) ? error : asRefusal(error);
  }
}

async function readParts(
  request: FastifyRequest,
  receive: ReceiveFile,
  received: Partial<ReceivedUpload>,
): Promise<void> {
  for await (const part of request.parts()) {
    if (part.fieldname === 'file' && part.type === 'file' && received.file === undefined) {
      received.fileName = part.filename ?? '';
      received.file = await receive(part.file);
      if (part.file.truncated) throw new WarbleError('too_large', 'A picture has at most 8 MiB.');
    } else if (part.fieldname === 'alt' && part.type === 'field' && received.alt === undefined) {
      received.alt = altOf(part);
    } else throw badPart(part);
  }
}

function altOf(part: Extract<Multipart, { type: 'field' }>): string {
  if (part.valueTruncated || typeof part.value !== 'string') {
    throw new WarbleError('invalid_text', `A description has at most ${LIMITS.altCharacters} characters.`, {
      errors: [{ pointer: '#/alt', detail: 'is too long' }],
    });
  }
  return part.value;
}

function badPart({ fieldname }: Multipart): WarbleError {
  const known = fieldname === 'file' || fieldname === 'alt';
  const detail = known
    ? 'must come once, "file" as a file and "alt" as a text'
    : 'is not a part of this call';
  return invalid(shortName(fieldname), detail);
}

function invalid(part: string, detail: string): WarbleError {
  return new WarbleError('invalid_request', `The part ${JSON.stringify(part)} ${detail}.`, {
    errors: [{ pointer: pointerTo(part), detail }],
  });
}

/** Turns the parser's errors into errors about the body. */
function asRefusal(error: unknown): WarbleError {
  const { code } = error as { code?: string };
  if (code === 'FST_REQ_FILE_TOO_LARGE') return new WarbleError('too_large', 'A picture has at most 8 MiB.');
  if (code === 'FST_FILES_LIMIT') return invalid('file', 'must come once; upload pictures one by one');
  return new WarbleError(
    'invalid_request',
    'The multipart body cannot be read; send "file" and, if you like, "alt".',
    {
      cause: error,
    },
  );
}
