/** Uploaded pictures: what is accepted, and how it is encoded anew. */
import { readFile } from 'node:fs/promises';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { WarbleError } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import { createFairPool } from '#platform/fair-pool.ts';
import type { MediaExtension } from './media-store.ts';
import {
  formatOf,
  isAnimatedPng,
  isLosslessWebp,
  type PictureFormat,
  withEndOfImage,
} from './picture-format.ts';

export interface Picture {
  bytes: Buffer;
  extension: MediaExtension;
  width: number;
  height: number;
}

/** A picture in a file, as it was sent. */
export interface PictureRequest {
  owner: UserId;
  /** At most 8 MiB. */
  path: string;
  /** If this aborts before the picture's turn comes, the picture is not read. */
  signal?: AbortSignal;
}

export interface Pictures {
  /**
   * Decodes a JPEG, PNG, WebP or GIF and encodes it anew in the same format: upright, in sRGB, without metadata or trailing
   * bytes, with all frames, and with a palette or lossless if it was so before. Owners take turns, one picture at a time
   * each. Throws unsupported_media_type, too_large, rate_limited, overloaded, and unavailable if it takes too long.
   */
  encode(request: PictureRequest): Promise<Picture>;
}

export interface PicturesDeps {
  /** Of all pictures that are decoded at once. */
  megapixels?: number | undefined;
  /** How long one picture may take. A lossless WebP of 50 megapixels takes half of this on a busy machine. */
  timeout_s?: number;
}

/** Even a tiny frame costs time; no animation that users share has this many. */
const MAX_FRAMES = 1_000;
const MAX_MEGAPIXELS = 100;
const TIMEOUT_S = 60;
/** Half of the room is reserved for pictures of up to a sixth of it, as phones make them, so large ones never block them. */
const LIGHT_PART = 1 / 6;
/** At most eight pictures at once: each takes one of libuv's threads (see `scripts/run.mjs`). */
const MIN_SHARE = 1 / 8;
/** For one user: the pictures of two tweets. In all: as many as there can be requests. */
const MAX_WAITING_OF_OWNER = 8;
const MAX_WAITING = 2_000;
const EXTENSIONS: Record<PictureFormat, MediaExtension> = {
  jpeg: 'jpg',
  png: 'png',
  webp: 'webp',
  gif: 'gif',
};
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif'].map((name) => `VipsForeignLoad${name}`);

/**
 * Decodes and encodes with libvips. This process blocks all its loaders but those of the four formats, so nothing else is
 * ever parsed, whatever a file claims to be.
 */
export function createPictures(deps: PicturesDeps = {}): Pictures {
  const { megapixels = MAX_MEGAPIXELS, timeout_s = TIMEOUT_S } = deps;
  const maxPixels = megapixels * 1_000_000;
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS });
  sharp.cache(false);
  const half = maxPixels / 2;
  const pool = createFairPool<UserId>({
    lanes: [
      { upTo: maxPixels * LIGHT_PART, capacity: half },
      { upTo: Number.POSITIVE_INFINITY, capacity: half },
    ],
    minWeight: maxPixels * MIN_SHARE,
    maxPerKey: MAX_WAITING_OF_OWNER,
    max: MAX_WAITING,
    refusal: `Too many pictures wait to be read; send at most ${MAX_WAITING_OF_OWNER} at once, and try again in a moment.`,
  });
  return {
    async encode({ owner, path, signal }) {
      const turn = (weight: number) => ({ key: owner, weight, ...(signal === undefined ? {} : { signal }) });
      // Pictures that wait are not read yet: they take disk, not memory.
      const { pixels } = await pool.run(turn(0), async () => inspect(await readFile(path)));
      return pool.run(turn(pixels), async () => {
        const bytes = await readFile(path);
        return reencode(bytes, await inspect(bytes), timeout_s);
      });
    },
  };
}

interface Inspected {
  format: PictureFormat;
  head: Metadata;
  /** Over all frames. */
  pixels: number;
  frames: number;
}

/** Reads a picture's header and refuses what must not be decoded. */
async function inspect(bytes: Buffer): Promise<Inspected> {
  const format = formatOf(bytes);
  if (format === undefined) throw notAPicture('It is none of JPEG, PNG, WebP and GIF.');
  if (format === 'png' && isAnimatedPng(bytes)) {
    throw notAPicture('An animated PNG would lose its frames here; send the animation as WebP or GIF.');
  }
  const animated = mayBeAnimated(format);
  // The limit of pixels is checked below, with a message of our own, before anything is decoded.
  const head = await decoding(() => sharp(bytes, { animated, limitInputPixels: false }).metadata());
  if (head.format !== format) throw notAPicture('It is not what its first bytes say.');
  const frames = head.pages ?? 1;
  // For an animation, `height` is the sum over its frames.
  const pixels = head.width * head.height;
  if (pixels > LIMITS.mediaPixels) {
    throw tooLarge('A picture has at most 50 megapixels over all its frames; make it smaller.');
  }
  // An upload of 50 KB with one row of 50 million pixels took 2 GB of memory to encode.
  if (Math.max(head.width, head.pageHeight ?? head.height) > LIMITS.mediaSide) {
    throw tooLarge(`A picture has at most ${LIMITS.mediaSide} pixels a side.`);
  }
  if (animated && frames > MAX_FRAMES) {
    throw tooLarge(`An animation has at most ${MAX_FRAMES} frames; make it shorter.`);
  }
  if (frames > 1 && (head.orientation ?? 1) > 1) {
    throw notAPicture(
      'An animation with an EXIF orientation cannot be turned; save it upright and send it again.',
    );
  }
  return { format, head, pixels, frames };
}

async function reencode(
  bytes: Buffer,
  { format, head, frames }: Inspected,
  timeout_s: number,
): Promise<Picture> {
  const encode = (source: Buffer, failOn: 'error' | 'warning') => {
    const image = sharp(source, {
      animated: mayBeAnimated(format),
      limitInputPixels: LIMITS.mediaPixels,
      failOn,
    });
    // libvips does not rotate animations.
    const upright = frames > 1 ? image : image.autoOrient();
    const encoder = encodeAs({ format, head, bytes }, upright);
    return encoder.timeout({ seconds: timeout_s }).toBuffer({ resolveWithObject: true });
  };
  const encoded = await decoding(() =>
    format === 'jpeg' ? encodeJpeg(bytes, encode) : encode(bytes, 'error'),
  );
  const { width, height, pageHeight } = encoded.info;
  return { bytes: encoded.data, extension: EXTENSIONS[format], width, height: pageHeight ?? height };
}

/** libjpeg's warning where a scan ends before the picture does. */
const JPEG_CUT_OFF = /premature end/;

/**
 * libjpeg only warns of data that is missing before the end, and fills the rest with grey. It also warns of other faults,
 * such as some cameras make, and decodes the picture nevertheless; such a picture is decoded again without failing on
 * warnings.
 */
async function encodeJpeg<T>(
  bytes: Buffer,
  encode: (source: Buffer, failOn: 'error' | 'warning') => Promise<T>,
) {
  const source = withEndOfImage(bytes);
  try {
    return await encode(source, 'warning');
  } catch (error) {
    const { message } = error as Error;
    if (JPEG_CUT_OFF.test(message) || !isDecodersWord(message)) throw error;
    return await encode(source, 'error');
  }
}

interface Encoding {
  format: PictureFormat;
  head: Metadata;
  bytes: Buffer;
}

function encodeAs({ format, head, bytes }: Encoding, image: Sharp): Sharp {
  if (format === 'jpeg') return image.jpeg({ quality: 85 });
  if (format === 'png') return encodePng(head, image);
  if (format === 'webp') {
    return image.webp(
      isLosslessWebp(bytes) ? { lossless: true, exact: true, minSize: true } : { quality: 85 },
    );
  }
  return image.gif();
}

/**
 * A picture with a palette keeps one of as many colours; without it, it would grow to several times its size. The quantizer
 * does not change colours that fit into the palette. Grey of less than eight bits becomes a palette of its greys. All other
 * pictures have their rows filtered, as most encoders do; without that, photographs came out almost twice as large.
 */
function encodePng({ isPalette, channels, bitsPerSample = 8 }: Metadata, image: Sharp): Sharp {
  if (!isPalette && !(channels === 1 && bitsPerSample < 8)) return image.png({ adaptiveFiltering: true });
  return image.png({
    palette: true,
    colours: 2 ** bitsPerSample,
    dither: 0,
    quality: 100,
    compressionLevel: 9,
  });
}

function mayBeAnimated(format: PictureFormat): boolean {
  return format === 'gif' || format === 'webp';
}

/**
 * The messages with which libvips reports faults of a file. Everything else, such as lack of memory or time, is not the
 * file's fault. The last one appears alone when a decoder gives no reason.
 */
const DECODERS_WORDS =
  /^(?:Input buffer (?:has corrupt header|contains unsupported)|VipsJpeg: |vipspng: |webp2?(?:vips)?: |gifload_buffer: |vips2\w+: unable to write to target target\s*$)/;
const TIMED_OUT = /^timeout: /m;

function isDecodersWord(message: string): boolean {
  return DECODERS_WORDS.test(message) && !TIMED_OUT.test(message);
}

/** Users do not see a decoder's message; any other failure is not the file's fault. */
async function decoding<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (isDecodersWord((cause as Error).message)) {
      throw notAPicture('It cannot be decoded; it may be damaged or cut off.', cause);
    }
    throw new WarbleError(
      'unavailable',
      'The picture could not be read in time; try again in a minute, or make it smaller.',
      { cause, retryAfter_s: 60 },
    );
  }
}

function tooLarge(detail: string): WarbleError {
  return new WarbleError('too_large', detail);
}

function notAPicture(why: string, cause?: unknown): WarbleError {
  return new WarbleError('unsupported_media_type', `Send a JPEG, PNG, WebP or GIF picture. ${why}`, {
    cause,
  });
}
