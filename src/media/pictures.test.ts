import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import { type ErrorCode, isWarbleError } from '#domain/errors.ts';
import { createSeededRandom } from '#platform/random.ts';
import { createPictures } from './pictures.ts';
import { chunk, createEncoder, flat, gifOf, pngOf, red } from './testing/pictures.ts';

const { encode, dispose } = createEncoder();
after(dispose);

async function refused(bytes: Buffer, code: ErrorCode, why?: string) {
  await assert.rejects(
    // A refusal may come at once or later: both are one to the caller.
    async () => encode(bytes),
    (error) => isWarbleError(error, code),
    why,
  );
}

for (const [format, extension] of [
  ['jpeg', 'jpg'],
  ['png', 'png'],
  ['webp', 'webp'],
  ['gif', 'gif'],
] as const) {
  test(`a ${format} stays a ${format} of the same size`, async () => {
    const picture = await encode(await flat(40, 30).toFormat(format).toBuffer());
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
  const picture = await encode(bytes);
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
    const picture = await encode(bytes);
    assert.deepEqual([picture.width, picture.height], [8, 6], format);
    const kept = await sharp(picture.bytes, { animated: true }).metadata();
    assert.deepEqual([kept.pages, kept.delay, kept.loop], [4, delay, 2], format);
  }
});

test('what stands behind the picture does not come along', async () => {
  const page = '<script>alert(1)</script>';
  for (const format of ['jpeg', 'png', 'gif', 'webp'] as const) {
    const bytes = Buffer.concat([await flat(8, 8).toFormat(format).toBuffer(), Buffer.from(page)]);
    const picture = await encode(bytes);
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
  assert.equal((await encode(gifOf(100, 100, 50))).width, 100);
});

test('a picture of exactly 50 megapixels is let in', async () => {
  const bytes = pngOf(10_000, 5_000, Buffer.alloc(10_001 * 5_000));
  const picture = await encode(bytes);
  assert.deepEqual([picture.width, picture.height], [10_000, 5_000]);
});

test('a user brings eight pictures at a time, of which one more is turned away; others come in', async () => {
  const bytes = await flat(500, 500).png().toBuffer();
  const tries = await Promise.allSettled(Array.from({ length: 9 }, () => encode(bytes, { owner: 0 })));
  const refused = tries.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  assert.equal(refused.length, 1);
  assert.ok(isWarbleError(refused[0]!.reason, 'rate_limited'));
  await encode(bytes);
});

test('one account with large pictures does not make another wait for them', async () => {
  const large = pngOf(10_000, 5_000, Buffer.alloc(10_001 * 5_000));
  const small = await flat(16, 16).png().toBuffer();
  const done: string[] = [];
  const bring = async (name: string, bytes: Buffer, owner: number) => {
    await encode(bytes, { owner });
    done.push(name);
  };
  const all = [1, 2, 3, 4].map((number) => bring(`large ${number}`, large, 1_000_001));
  all.push(bring('large of another', large, 1_000_003));
  await bring('small', small, 1_000_002);
  assert.deepEqual(done, ['small']);
  await Promise.all(all);
  assert.ok(done.indexOf('large of another') <= 2, done.join(', '));
});

test('a picture that takes too long is not called damaged', async () => {
  const slow = createPictures({ timeout_s: 1 });
  // Cannot be done in a second: 25 megapixels of noise, without loss.
  const noise = { type: 'gaussian', mean: 90, sigma: 60 } as const;
  const tile = await sharp({ create: { width: 500, height: 500, channels: 3, background: red, noise } })
    .png()
    .toBuffer();
  const bytes = await flat(5_000, 5_000)
    .composite([{ input: tile, tile: true }])
    .webp({ lossless: true, effort: 0 })
    .toBuffer();
  await assert.rejects(
    encode(bytes, { by: slow }),
    (error) => isWarbleError(error, 'unavailable') && error.retryAfter_s! > 0,
  );
});

test('what is broken in any way is told as such, and never as a fault of the server', async () => {
  const random = createSeededRandom(5);
  const noise = { type: 'gaussian', mean: 90, sigma: 60 } as const;
  const noisy = () => sharp({ create: { width: 40, height: 30, channels: 3, background: red, noise } });
  const frames = await Promise.all([1, 2].map(() => noisy().png().toBuffer()));
  const whole = [
    await noisy().jpeg().toBuffer(),
    await noisy().jpeg({ progressive: true }).toBuffer(),
    await noisy().png().toBuffer(),
    await noisy().png({ palette: true }).toBuffer(),
    await noisy().webp().toBuffer(),
    await noisy().webp({ lossless: true }).toBuffer(),
    await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer(),
    await sharp(frames, { join: { animated: true } })
      .webp()
      .toBuffer(),
  ];
  for (const [index, bytes] of whole.entries()) {
    for (let round = 0; round < 25; round++) {
      const broken = Buffer.from(bytes);
      for (let flips = random.integer(4); flips >= 0; flips--) {
        broken[12 + random.integer(bytes.length - 12)] = random.integer(256);
      }
      const cut = random.integer(3) === 0 ? broken.subarray(0, 12 + random.integer(bytes.length)) : broken;
      await encode(cut).catch((error) => {
        const isRefusal = isWarbleError(error) && [413, 415].includes(error.status);
        assert.ok(isRefusal, `picture ${index}, round ${round}: ${error} ${error.cause}`);
      });
    }
  }
});

const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);

for (const progressive of [false, true]) {
  test(`a JPEG without its end is whole, half a one with an end is not (progressive: ${progressive})`, async () => {
    const noise = { type: 'gaussian', mean: 90, sigma: 60 } as const;
    const bytes = await sharp({ create: { width: 300, height: 200, channels: 3, background: red, noise } })
      .jpeg({ progressive })
      .toBuffer();
    assert.deepEqual(bytes.subarray(-2), END_OF_IMAGE);
    const whole = await encode(bytes);
    for (const cut of [1, 2]) assert.deepEqual(await encode(bytes.subarray(0, -cut)), whole);
    for (const part of [0.3, 0.5, 0.9]) {
      const half = bytes.subarray(0, bytes.length * part);
      await refused(half, 'unsupported_media_type');
      await refused(Buffer.concat([half, END_OF_IMAGE]), 'unsupported_media_type');
    }
  });
}

test('a JPEG with faults that every viewer shows is accepted', async () => {
  const [width, height] = [300, 200];
  const pixels = Buffer.from(
    Array.from({ length: width * height * 3 }, (_, i) => (i * i * 31 + i * 7) % 251),
  );
  const bytes = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ progressive: true })
    .toBuffer();
  const faulty = Buffer.concat([bytes.subarray(0, -2), Buffer.from([1, 2, 3]), END_OF_IMAGE]);
  await assert.rejects(sharp(faulty, { failOn: 'warning' }).toBuffer(), /extraneous bytes/);
  const picture = await encode(faulty);
  assert.deepEqual([picture.width, picture.height], [width, height]);
});

/** A PNG with so many frames, each a copy of the first. */
function animatedPngOf(still: Buffer, frames: number): Buffer {
  const headBytes = 33;
  const control = Buffer.alloc(8);
  control.writeUInt32BE(frames);
  return Buffer.concat([still.subarray(0, headBytes), chunk('acTL', control), still.subarray(headBytes)]);
}

test('an animated PNG is refused with a word, since its frames would be lost; one of one frame is not', async () => {
  const still = await flat(8, 6).png().toBuffer();
  await assert.rejects(
    encode(animatedPngOf(still, 2)),
    (error) =>
      isWarbleError(error, 'unsupported_media_type') && /animated PNG.*WebP or GIF/.test(error.message),
  );
  assert.equal((await encode(animatedPngOf(still, 1))).width, 8);
  assert.equal((await encode(still)).width, 8);
});

test('an animation with an orientation is refused with a word; a still picture is turned', async () => {
  const frames = await Promise.all([10, 90].map((r) => flat(8, 6).tint({ r, g: 0, b: 0 }).png().toBuffer()));
  const turned = (image: Sharp) => image.withMetadata({ orientation: 6 }).webp().toBuffer();
  await assert.rejects(
    encode(await turned(sharp(frames, { join: { animated: true } }))),
    (error) => isWarbleError(error, 'unsupported_media_type') && /orientation/.test(error.message),
  );
  const still = await encode(await turned(flat(8, 6)));
  assert.deepEqual([still.width, still.height], [6, 8]);
});
