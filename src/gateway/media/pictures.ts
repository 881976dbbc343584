/** Pictures from strangers: what is accepted, and how it is encoded anew. */
import sharp, { type Sharp } from 'sharp';
import { WarbleError } from '#contract/errors.ts';
import { LIMITS } from '#contract/limits.ts';
import { createBoundedPool } from '#platform/bounded-pool.ts';
import type { MediaExtension } from './media-store.ts';

export interface Picture {
  bytes: Buffer;
  extension: MediaExtension;
  width: number;
  height: number;
}

export interface Pictures {
  /**
   * Decodes a JPEG, PNG, WebP or GIF and encodes it anew in the same format: upright, in sRGB, without metadata or
   * anything hung on behind, animations in full. Throws unsupported_media_type, too_large, overloaded.
   */
  encode(bytes: Buffer): Promise<Picture>;
}

/** A frame may be tiny and still costs; no animation that people share has so many. */
const MOST_FRAMES = 1_000;
const TIMEOUT_S = 20;
const FORMATS: Record<string, MediaExtension> = { jpeg: 'jpg', png: 'png', webp: 'webp', gif: 'gif' };
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif'].map((name) => `VipsForeignLoad${name}`);

/**
 * Pictures through libvips. Only the loaders of the four formats stay unblocked in this process, so that nothing
 * else is ever parsed, whatever a file claims to be.
 */
export function createPictures({ concurrency = 2, waiting = 16 } = {}): Pictures {
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS });
  sharp.cache(false);
  const pool = createBoundedPool({
    concurrency,
    waiting,
    refusal: 'Too many pictures are being read; try again in a moment.',
  });
  return {
    encode(bytes) {
      const claimed = formatOf(bytes);
      if (claimed === undefined) throw notAPicture('It is none of JPEG, PNG, WebP and GIF.');
      return pool.run(() => reencode(bytes, claimed));
    },
  };
}

/** The format that the first bytes announce; decoding decides whether it is true. */
function formatOf(bytes: Buffer): string | undefined {
  const head = bytes.toString('latin1', 0, 12);
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return 'gif';
  if (head.startsWith('RIFF') && head.endsWith('WEBP')) return 'webp';
  return undefined;
}

async function reencode(bytes: Buffer, claimed: string): Promise<Picture> {
  const animated = claimed === 'gif' || claimed === 'webp';
  // The pixel limit is checked below, with a sentence of our own, before anything is decoded.
  const open = () => sharp(bytes, { animated, limitInputPixels: LIMITS.mediaPixels, failOn: 'error' });
  const head = await decoding(() => sharp(bytes, { animated, limitInputPixels: false }).metadata());
  if (head.format !== claimed) throw notAPicture('It is not what its first bytes say.');
  const frames = head.pages ?? 1;
  // For an animation `height` is that of all its frames, one below the other.
  if (head.width * head.height > LIMITS.mediaPixels) {
    throw new WarbleError(
      'too_large',
      'A picture has at most 50 megapixels over all its frames; make it smaller.',
    );
  }
  // In one row of 50 million pixels an upload of 50 KB took 2 GB to encode.
  if (Math.max(head.width, head.pageHeight ?? head.height) > LIMITS.mediaSide) {
    throw new WarbleError('too_large', `A picture has at most ${LIMITS.mediaSide} pixels a side.`);
  }
  if (animated && frames > MOST_FRAMES) {
    throw new WarbleError('too_large', `An animation has at most ${MOST_FRAMES} frames; make it shorter.`);
  }
  // libvips turns no animations, and hardly anybody's carries an orientation.
  const upright = animated && frames > 1 ? open() : open().autoOrient();
  const encoded = await decoding(() =>
    encodeAs(claimed, upright).timeout({ seconds: TIMEOUT_S }).toBuffer({ resolveWithObject: true }),
  );
  const { width, height, pageHeight } = encoded.info;
  return { bytes: encoded.data, extension: FORMATS[claimed]!, width, height: pageHeight ?? height };
}

function encodeAs(format: string, image: Sharp): Sharp {
  if (format === 'jpeg') return image.jpeg({ quality: 85 });
  if (format === 'png') return image.png();
  if (format === 'webp') return image.webp({ quality: 85 });
  return image.gif();
}

/** Whatever the decoder says about a file is the file's fault; its words are not for strangers. */
async function decoding<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw notAPicture('It cannot be decoded; it may be damaged or cut off.', cause);
  }
}

function notAPicture(why: string, cause?: unknown): WarbleError {
  return new WarbleError('unsupported_media_type', `Send a JPEG, PNG, WebP or GIF picture. ${why}`, {
    cause,
  });
}
