/** Media: pictures that users upload, how tweets and profiles hold them, and how they are deleted. */
import type { Readable } from 'node:stream';
import type { UserId } from '#domain/ids.ts';
import type { TweetImage } from '#domain/records.ts';

/** A tweet or a user's profile, by its id. */
export type MediaUse = `tweet:${number}` | `person:${number}`;

export interface Upload {
  owner: UserId;
  /** The client's name for the file, by which the same user may refer to it in `images` and `picture`. */
  fileName: string;
  alt: string;
  /** The file with its bytes, as it was sent. The caller deletes it. */
  path: string;
  /** If this aborts before the picture's turn comes, the picture is not kept. */
  signal?: AbortSignal;
}

/** Pictures that are about to be used. They are kept until `done`, or for 15 minutes if that is never called. */
export interface MediaHold {
  /** In the order of the names. */
  images: TweetImage[];
  /**
   * Call it after the post or the profile's change, whether that succeeded or failed (`usedBy` null). From then on, uses
   * are found through the log. Never rejects.
   */
  done(usedBy: MediaUse | null): Promise<void>;
}

export interface StoredPicture {
  /** image/jpeg, image/png, image/webp or image/gif. */
  type: string;
  size_bytes: number;
  etag: string;
  /** Not everybody may see it, so no shared cache may keep it. */
  private: boolean;
  body: Readable;
}

export interface Media {
  /**
   * Decodes, encodes anew without metadata and keeps a picture; durable when it resolves. Throws too_large,
   * unsupported_media_type, invalid_text (alt), rate_limited (too many at once or unattached), overloaded,
   * storage_full, unavailable (it took too long), unauthenticated (the owner was removed meanwhile).
   */
  upload(upload: Upload): Promise<TweetImage>;
  /**
   * Finds the owner's pictures by the name that `upload` gave, or else the newest upload by its file name, and holds them.
   * Throws `unknown_image`, saying which; `pointer` is where the body has the names, `/images` by default.
   */
  hold(request: { owner: UserId; names: string[]; pointer?: '#/images' | '#/picture' }): Promise<MediaHold>;
  /**
   * What `/media/{name}` serves to this viewer; undefined if there is nothing that they may see (`media-audience.ts`). The
   * caller must consume or destroy `body`.
   */
  read(request: { name: string; viewer: UserId | null }): Promise<StoredPicture | undefined>;
  /** All pictures by name, with their bytes, for administration. `after`: '' at first, then `next`. At most 1,000. */
  scan(request: { after: string; limit: number }): Promise<{
    pictures: { name: string; owner: UserId; size_bytes: number }[];
    next: string | null;
  }>;
  /** Who uploaded a picture; undefined: there is none. */
  ownerOf(request: { name: string }): Promise<UserId | undefined>;
  /** Deletes a picture, whatever uses it. Does nothing if it is not there. */
  remove(request: { name: string }): Promise<void>;
  /** Deletes some of a user's pictures. Call until `done`. */
  eraseOwner(request: { owner: UserId; limit: number }): Promise<{ done: boolean }>;
}

/** The path under which a picture is served. */
export function mediaUrl(name: string): string {
  return `/media/${name}`;
}
