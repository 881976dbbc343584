/** Pictures made byte by byte or by sharp, and how tests hand them over. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { createPictures } from '../pictures.ts';

/** Pictures that take bytes; `dispose` deletes the files that they went through. */
export function createEncoder() {
  const pictures = createPictures();
  const directory = mkdtempSync(join(tmpdir(), 'warble-pictures-'));
  let files = 0;
  return {
    /** As an upload of one of many users, or of that owner. */
    async encode(bytes: Buffer, { owner = ++files, by = pictures } = {}) {
      const path = join(directory, String(++files));
      writeFileSync(path, bytes);
      return by.encode({ owner, path });
    },
    dispose: () => rmSync(directory, { recursive: true }),
  };
}

export const red = { r: 200, g: 30, b: 30 };

export function flat(width: number, height: number, channels: 3 | 4 = 3) {
  return sharp({ create: { width, height, channels, background: red } });
}

export function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
/** A PNG whose header says any size, and whose data is whatever is given. */
export function pngOf(width: number, height: number, data: Buffer): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 0, 0, 0, 0], 8);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  const end = chunk('IEND', Buffer.alloc(0));
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(data)), end]);
}
/** A GIF whose frames, of one pixel or of the canvas's size, all have the data of one pixel. */
export function gifOf(width: number, height: number, frames: number, whole = false): Buffer {
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
