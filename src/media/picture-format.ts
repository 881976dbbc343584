/**
 * What a picture's bytes say before anything is decoded, where libvips does not tell. None of it is trusted: if a container
 * lies, its picture is only encoded in another way, or the decoder refuses it.
 */

export type PictureFormat = 'jpeg' | 'png' | 'webp' | 'gif';

/** The format that the first bytes announce; decoding shows whether it is true. */
export function formatOf(bytes: Buffer): PictureFormat | undefined {
  const head = bytes.toString('latin1', 0, 12);
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return 'gif';
  if (head.startsWith('RIFF') && head.endsWith('WEBP')) return 'webp';
  return undefined;
}

const PNG_SIGNATURE_BYTES = 8;
/** A chunk's length, type and checksum. */
const PNG_FRAMING_BYTES = 12;

/** Whether a PNG has more than one frame (an `acTL` chunk before its first data): libvips reads only the first. */
export function isAnimatedPng(bytes: Buffer): boolean {
  for (let at = PNG_SIGNATURE_BYTES; at + PNG_FRAMING_BYTES <= bytes.length; ) {
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (type === 'IDAT') return false;
    if (type === 'acTL') return bytes.readUInt32BE(at + 8) > 1;
    at += PNG_FRAMING_BYTES + bytes.readUInt32BE(at);
  }
  return false;
}

const RIFF_HEADER_BYTES = 12;
const RIFF_CHUNK_HEADER_BYTES = 8;
/** Place, size and duration of an animation's frame, before the chunks that hold its pixels. */
const ANMF_HEADER_BYTES = 16;

/** Whether all frames of a WebP are lossless (`VP8L`); one lossy frame makes it a lossy picture. */
export function isLosslessWebp(bytes: Buffer): boolean {
  let lossless = false;
  for (let at = RIFF_HEADER_BYTES; at + RIFF_CHUNK_HEADER_BYTES <= bytes.length; ) {
    const type = bytes.toString('latin1', at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    if (type === 'VP8 ') return false;
    if (type === 'VP8L') lossless = true;
    at += RIFF_CHUNK_HEADER_BYTES;
    // Chunks inside a frame are read like the others; every other chunk is skipped, padded to an even length.
    at += type === 'ANMF' ? ANMF_HEADER_BYTES : length + (length % 2);
  }
  return lossless;
}

const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);

/**
 * Appends an end marker to a JPEG: some cameras and transfers lose it and nothing else. Decoders stop at the first marker,
 * so a second one does no harm, and they still report data that is missing.
 */
export function withEndOfImage(jpeg: Buffer): Buffer {
  return Buffer.concat([jpeg, END_OF_IMAGE]);
}
