/**
 * What is known of each picture. Every method is one atomic, durable step. Times are ms since 1970.
 *
 * A picture is `storing` (its bytes may be there), then `kept`, then `deleting` (its bytes may be gone), then forgotten.
 * `MediaUses`, not this index, knows whether something uses it; what is about to use it holds it.
 */
import type { UserId } from '#domain/ids.ts';
import type { MediaUse } from './media.ts';

export interface NewMedia {
  /** 128 random bits in hexadecimal and the extension of its type. */
  name: string;
  owner: UserId;
  fileName: string;
  alt: string;
  width: number;
  height: number;
  /** SHA-256 of the bytes in hexadecimal. */
  contentHash: string;
  created: number;
}
export const MEDIA_STATES = ['storing', 'kept', 'deleting'] as const;
export interface MediaRow extends NewMedia {
  state: (typeof MEDIA_STATES)[number];
  /** How often it was ever held: tells whether it was held again since a look at it. */
  holds: number;
}

/** What decides whether a picture may be deleted. */
export interface MediaStatus {
  name: string;
  state: MediaRow['state'];
  holds: number;
  /** When the last hold ends; null: nothing holds it. */
  heldUntil: number | null;
  /** Whether something used it when that was last checked. */
  used: boolean;
}

export interface MediaIndex {
  /**
   * Adds a row in `storing` that the sweeper checks at `checkAt`. False, with nothing added, if the owner already has
   * `maxUnused` pictures that nothing has ever used.
   */
  begin(request: { media: NewMedia; checkAt: number; maxUnused: number }): Promise<boolean>;
  /** From `storing` to `kept`. False if it is not `storing` any more. */
  keep(request: { name: string }): Promise<boolean>;
  /**
   * Finds kept pictures of the owner, each by its name or else by the newest file name, and holds them until
   * `until` under `holdId`: all of them, in the order asked for, or none and the first name not found.
   */
  hold(request: {
    owner: UserId;
    names: string[];
    holdId: string;
    until: number;
  }): Promise<{ held: MediaRow[] } | { unknown: string }>;
  /** Ends a hold. `usedBy`: what uses all of its pictures from now on; null if nothing does. */
  release(request: { holdId: string; usedBy: MediaUse | null }): Promise<void>;
  /** A kept picture: its owner, and what used it last (null: nothing yet; '': unknown). */
  find(request: { name: string }): Promise<{ owner: UserId; lastUse: MediaUse | '' | null } | undefined>;
  /** Names to check: kept ones due at `now`, `storing` ones created before `storingBefore`, and all `deleting` ones. */
  due(request: { now: number; storingBefore: number; limit: number }): Promise<string[]>;
  /** Those of the names that have a row. */
  statuses(request: { names: string[]; now: number }): Promise<MediaStatus[]>;
  /** To `deleting`: the pictures that have not been held again since `holds` was read. Returns the claimed ones. */
  claim(request: { media: { name: string; holds: number }[] }): Promise<string[]>;
  /** Pictures in any state by name, above `after`. */
  scan(request: { after: string; limit: number }): Promise<{ name: string; owner: UserId }[]>;
  /** The owner of a picture in any state; undefined: there is none. */
  ownerOf(request: { name: string }): Promise<UserId | undefined>;
  /** To `deleting`: this picture, whatever uses or holds it. False: there is none. */
  claimNamed(request: { name: string }): Promise<boolean>;
  /** To `deleting`: some of the owner's pictures, whatever uses or holds them. Returns names, including earlier claims. */
  claimOwner(request: { owner: UserId; limit: number }): Promise<string[]>;
  /** Sets when to check again. `used`: whether something uses them now; absent: unchanged. */
  postpone(request: { names: string[]; checkAt: number; used?: boolean }): Promise<void>;
  /** Forgets rows in `deleting`, when their bytes are gone. */
  forget(request: { names: string[] }): Promise<void>;
}
