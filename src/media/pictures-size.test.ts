/** What comes out of a picture is what came in, and hardly larger. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { createSeededRandom } from '#platform/random.ts';
import { chunk, createEncoder, red } from './testing/pictures.ts';

const { encode, dispose } = createEncoder();
after(dispose);

/** A drawing of few colours as encoders for such pictures write it: no filters, the smallest deflate. */
function lowDepthPng(width: number, height: number, depth: number, type: string): Buffer {
  const grey = type === 'grey';
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([depth, grey ? 0 : 3, 0, 0, 0], 8);
  const colours = 2 ** depth;
  const random = createSeededRandom(depth);
  const row = Math.ceil((width * depth) / 8) + 1;
  const data = Buffer.alloc(row * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = ((x >> 3) + (y >> 3) + random.integer(8) ** 2) % colours;
      const bit = x * depth;
      data[y * row + 1 + (bit >> 3)]! |= colour << (8 - depth - (bit & 7));
    }
  }
  const chunks = [chunk('IHDR', head)];
  if (!grey) chunks.push(chunk('PLTE', random.bytes(colours * 3)));
  if (type === 'palette with alpha') chunks.push(chunk('tRNS', random.bytes(colours)));
  chunks.push(chunk('IDAT', deflateSync(data, { level: 9 })), chunk('IEND', Buffer.alloc(0)));
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);
}

/** Every pixel of the first has the same colour in the second; what is wholly transparent has none. */
async function assertSamePixels(one: Buffer, two: Buffer, what: string) {
  const pixels = async (bytes: Buffer) => {
    const raw = await sharp(bytes, { animated: true }).ensureAlpha().raw().toBuffer();
    for (let at = 0; at < raw.length; at += 4) if (raw[at + 3] === 0) raw.fill(0, at, at + 4);
    return raw;
  };
  assert.ok((await pixels(one)).equals(await pixels(two)), what);
}

test('a PNG with a palette, or of few greys, stays as it is and hardly grows', async () => {
  for (const depth of [1, 2, 4, 8] as const) {
    for (const type of ['palette', 'palette with alpha', 'grey'] as const) {
      if (type === 'grey' && depth === 8) continue;
      const bytes = lowDepthPng(310, 205, depth, type);
      const picture = await encode(bytes);
      const what = `${type}, ${depth} bits: ${picture.bytes.length} for ${bytes.length}`;
      assert.ok(picture.bytes.length <= bytes.length * 1.1, what);
      assert.equal((await sharp(picture.bytes).metadata()).isPalette, true, what);
      await assertSamePixels(bytes, picture.bytes, what);
    }
  }
});

test('a photograph as PNG hardly grows', async () => {
  const noise = { type: 'gaussian', mean: 128, sigma: 20 } as const;
  const bytes = await sharp({ create: { width: 300, height: 200, channels: 3, background: red, noise } })
    .blur(3)
    .png({ adaptiveFiltering: true, compressionLevel: 9 })
    .toBuffer();
  const picture = await encode(bytes);
  assert.ok(picture.bytes.length <= bytes.length * 1.1, `${picture.bytes.length} for ${bytes.length}`);
  await assertSamePixels(bytes, picture.bytes, 'a photograph');
});

test('a WebP without loss stays one and hardly grows, an animated one too', async () => {
  const noise = { type: 'gaussian', mean: 128, sigma: 20 } as const;
  const picture = (sigma: number) =>
    sharp({ create: { width: 120, height: 90, channels: 4, background: { ...red, alpha: 0.5 }, noise } })
      .blur(sigma)
      .png()
      .toBuffer();
  const frames = await Promise.all([1, 2, 4].map(picture));
  const sources = {
    still: await sharp(frames[0]).webp({ lossless: true, effort: 6 }).toBuffer(),
    animated: await sharp(frames, { join: { animated: true } })
      .webp({ lossless: true, effort: 6, minSize: true })
      .toBuffer(),
  };
  for (const [what, bytes] of Object.entries(sources)) {
    const { bytes: kept } = await encode(bytes);
    assert.ok(kept.length <= bytes.length * 1.1, `${what}: ${kept.length} for ${bytes.length}`);
    await assertSamePixels(bytes, kept, what);
  }
  const lossy = await sharp(frames[0]).webp({ quality: 80 }).toBuffer();
  assert.ok((await encode(lossy)).bytes.length < sources.still.length / 2, 'a lossy one stays lossy');
});
