/** Where the bytes of pictures are stored. */
import type { Readable } from 'node:stream';

export interface MediaStore {
  /**
   * Keeps bytes under a name, durably when it resolves; all or nothing: a reader never sees a part. The same name
   * and bytes again change nothing. Throws `storage_full`, `unavailable`.
   */
  put(name: string, bytes: Buffer): Promise<void>;
  /** undefined: there is none, whatever the name looks like. */
  get(name: string): Promise<{ size_bytes: number; body: Readable } | undefined>;
  /** How many bytes are stored under a name; undefined: there are none. */
  size(name: string): Promise<number | undefined>;
  /** Names that are not there are ignored. */
  delete(name: string): Promise<void>;
}

export const MEDIA_TYPES = {
  jpg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
} as const;
export type MediaExtension = keyof typeof MEDIA_TYPES;
const MEDIA_NAME = new RegExp(`^[0-9a-f]{32}\\.(${Object.keys(MEDIA_TYPES).join('|')})$`);

/** The extension of a media name; undefined if it is not one. No other name ever reaches a file system. */
export function extensionOf(name: string): MediaExtension | undefined {
  return MEDIA_NAME.exec(name)?.[1] as MediaExtension | undefined;
}
