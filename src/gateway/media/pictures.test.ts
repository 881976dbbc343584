import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { type ErrorCode, isWarbleError } from '#contract/errors.ts';
import { createPictures } from './pictures.ts';

const pictures = createPictures();
const red = { r: 200, g: 30, b: 30 };

function flat(width: number, height: number, channels: 3 | 4 = 3) {
  return sharp({ create: { width, height, channels, background: red } });
}
async function refused(bytes: Buffer, code: ErrorCode, why?: string) {
  await assert.rejects(
    // A refusal may come at once or later: both are one to the caller.
    async () => pictures.encode(bytes),
    (error) => isWarbleError(error, code),
    why,
  );
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
/** A PNG whose header says any size, and whose data is whatever is given. */
function pngOf(width: number, height: number, data: Buffer): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 0, 0, 0, 0], 8);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  const end = chunk('IEND', Buffer.alloc(0));
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(data)), end]);
}
/** A GIF whose frames, of one pixel or of the canvas's size, all have the data of one pixel. */
function gifOf(width: number, height: number, frames: number, whole = false): Buffer {
  const head = Buffer.from('GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff', 'latin1');
  head.writeUInt16LE(width, 6);
  head.writeUInt16LE(height, 8);
  const frame = Buffer.from(
    '!\xf9\x04\x00\x0a\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00',
    'latin1',
  );
  if (whole) {
    frame.writeUInt16LE(width, 13);
    frame.writeUInt16LE(height, 15);
  }
  return Buffer.concat([head, ...new Array<Buffer>(frames).fill(frame), Buffer.from(';')]);
}

for (const [format, extension] of [
  ['jpeg', 'jpg'],
  ['png', 'png'],
  ['webp', 'webp'],
  ['gif', 'gif'],
] as const) {
  test(`a ${format} stays a ${format} of the same size`, async () => {
    const picture = await pictures.encode(await flat(40, 30).toFormat(format).toBuffer());
    assert.deepEqual([picture.extension, picture.width, picture.height], [extension, 40, 30]);
    assert.equal((await sharp(picture.bytes).metadata()).format, format);
  });
}

test('where it was taken, with what and by whom is dropped; it stands upright', async () => {
  const exif = {
    IFD0: { Artist: 'Ann Secret' },
    IFD3: { GPSLatitude: '51/1 30/1 0/1', GPSLatitudeRef: 'N' },
  };
  const bytes = await flat(40, 30).jpeg().withExif(exif).withMetadata({ orientation: 6 }).toBuffer();
  const before = await sharp(bytes).metadata();
  assert.ok(before.exif !== undefined && before.orientation === 6, 'the test’s own picture has them');
  const picture = await pictures.encode(bytes);
  const after = await sharp(picture.bytes).metadata();
  assert.deepEqual([picture.width, picture.height], [30, 40]);
  assert.deepEqual(
    [after.exif, after.xmp, after.iptc, after.orientation],
    [undefined, undefined, undefined, undefined],
  );
  assert.ok(!picture.bytes.includes('Secret'));
});

test('animations keep every frame and their pace', async () => {
  const frames = await Promise.all(
    [10, 90, 170, 250].map((r) => flat(8, 6).tint({ r, g: 0, b: 0 }).png().toBuffer()),
  );
  for (const format of ['gif', 'webp'] as const) {
    const joined = sharp(frames, { join: { animated: true } });
    const delay = [100, 200, 300, 400];
    const bytes = await (format === 'gif'
      ? joined.gif({ delay, loop: 2 })
      : joined.webp({ delay, loop: 2 })
    ).toBuffer();
    const picture = await pictures.encode(bytes);
    assert.deepEqual([picture.width, picture.height], [8, 6], format);
    const kept = await sharp(picture.bytes, { animated: true }).metadata();
    assert.deepEqual([kept.pages, kept.delay, kept.loop], [4, delay, 2], format);
  }
});

test('what stands behind the picture does not come along', async () => {
  const page = '<script>alert(1)</script>';
  for (const format of ['jpeg', 'png', 'gif', 'webp'] as const) {
    const bytes = Buffer.concat([await flat(8, 8).toFormat(format).toBuffer(), Buffer.from(page)]);
    const picture = await pictures.encode(bytes);
    assert.ok(!picture.bytes.includes('script'), format);
  }
});

test('what is no picture of the four formats is refused, whatever it is called', async () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  await refused(svg, 'unsupported_media_type', 'SVG');
  await refused(await flat(8, 8).tiff().toBuffer(), 'unsupported_media_type', 'TIFF');
  await refused(await flat(8, 8).avif().toBuffer(), 'unsupported_media_type', 'AVIF');
  await refused(
    Buffer.from('GIF89a<svg xmlns="http://www.w3.org/2000/svg"/>'),
    'unsupported_media_type',
    'both',
  );
  await refused(
    Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), svg]),
    'unsupported_media_type',
    'head only',
  );
  await refused(Buffer.from('%PDF-1.7 \xff\xd8\xff', 'latin1'), 'unsupported_media_type', 'PDF');
  await refused(Buffer.alloc(0), 'unsupported_media_type', 'nothing');
});

test('no loader but those of the four formats can be reached any more in this process', async () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  await assert.rejects(sharp(svg).metadata(), /unsupported|blocked/i);
});

test('a damaged or cut picture is refused', async () => {
  const noise = { type: 'gaussian', mean: 90, sigma: 60 } as const;
  for (const format of ['jpeg', 'png', 'webp'] as const) {
    const bytes = await sharp({ create: { width: 300, height: 300, channels: 3, background: red, noise } })
      .toFormat(format)
      .toBuffer();
    await refused(bytes.subarray(0, bytes.length / 2), 'unsupported_media_type', format);
    await refused(bytes.subarray(0, 40), 'unsupported_media_type', format);
  }
});

test('a bomb is refused before it is unpacked', async () => {
  // A few KB that would be 4 GB: header of 65,000 x 65,000, data of zeros.
  const memory = process.memoryUsage().rss;
  await refused(pngOf(65_000, 65_000, Buffer.alloc(1_000_000)), 'too_large');
  await refused(pngOf(50_000_001, 1, Buffer.alloc(10)), 'too_large');
  await refused(gifOf(65_535, 65_535, 1, true), 'too_large');
  // Few pixels, but decoders keep whole rows.
  await refused(pngOf(50_000_000, 1, Buffer.alloc(50_000_001)), 'too_large');
  await refused(pngOf(65_536, 1, Buffer.alloc(65_537)), 'too_large');
  assert.ok(process.memoryUsage().rss - memory < 500 * 1024 * 1024);
});

test('the pixels of all frames count, and so do the frames', async () => {
  await refused(gifOf(1_000, 1_000, 51), 'too_large');
  await refused(gifOf(1, 1, 10_000), 'too_large');
  assert.equal((await pictures.encode(gifOf(100, 100, 50))).width, 100);
});

test('a picture of exactly 50 megapixels is let in', async () => {
  const bytes = pngOf(10_000, 5_000, Buffer.alloc(10_001 * 5_000));
  const picture = await pictures.encode(bytes);
  assert.deepEqual([picture.width, picture.height], [10_000, 5_000]);
});

test('so many are read at once, so many wait, and one more is turned away', async () => {
  const bytes = await flat(500, 500).png().toBuffer();
  const busy = createPictures({ concurrency: 1, waiting: 1 });
  const tries = await Promise.allSettled([1, 2, 3].map(() => busy.encode(bytes)));
  assert.deepEqual(
    tries.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected'],
  );
  assert.ok(isWarbleError((tries[2] as PromiseRejectedResult).reason, 'overloaded'));
});
