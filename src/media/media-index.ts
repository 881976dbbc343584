/**
 * What is known of each picture. Every method is one atomic, durable step. Times are ms since 1970.
 *
 * A picture is `storing` (its bytes may be there), then `kept`, then `deleting` (its bytes may be gone), then
 * forgotten. Whether something uses it is not known here but by `MediaUses`; what is about to use it holds it.
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
  /** How often it was ever held: tells whether somebody held it since one looked. */
  holds: number;
}

/** What decides whether a picture may go. */
export interface MediaStatus {
  name: string;
  state: MediaRow['state'];
  holds: number;
  /** When the last hold ends; null: nothing holds it. */
  heldUntil: number | null;
  /** Something used it when somebody last knew. */
  used: boolean;
}

export interface MediaIndex {
  /**
   * Adds a row in `storing` that is looked at again at `checkAt`. False, and nothing added, where the owner has
   * `maxUnused` that nothing has ever used.
   */
  begin(request: { media: NewMedia; checkAt: number; maxUnused: number }): Promise<boolean>;
  /** From `storing` to `kept`. False where it is not `storing` any more. */
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
  /** Ends a hold; `usedBy`: what uses all of its pictures from now on, null where that came to nothing. */
  release(request: { holdId: string; usedBy: MediaUse | null }): Promise<void>;
  /** A kept picture: whose it is, and what used it last: null: nothing yet, '': nobody knows what. */
  find(request: { name: string }): Promise<{ owner: UserId; lastUse: MediaUse | '' | null } | undefined>;
  /** Names of pictures to look at: kept ones due at `now`, `storing` ones created before `storingBefore`, all `deleting` ones. */
  due(request: { now: number; storingBefore: number; limit: number }): Promise<string[]>;
  /** Those of the names that have a row. */
  statuses(request: { names: string[]; now: number }): Promise<MediaStatus[]>;
  /** To `deleting`: those that have been held as often as `holds` says and not again. Returns the ones taken. */
  claim(request: { media: { name: string; holds: number }[] }): Promise<string[]>;
  /** Pictures in any state by name, above `after`. */
  scan(request: { after: string; limit: number }): Promise<{ name: string; owner: UserId }[]>;
  /** Whose a picture is that is not forgotten; undefined: there is none. */
  ownerOf(request: { name: string }): Promise<UserId | undefined>;
  /** To `deleting`: this one, whatever uses or holds it. False: there is none. */
  claimNamed(request: { name: string }): Promise<boolean>;
  /** To `deleting`: some of the owner's, whatever uses or holds them. Returns names, also of ones claimed before. */
  claimOwner(request: { owner: UserId; limit: number }): Promise<string[]>;
  /** Looks again at `checkAt`. `used`: something uses them now, or nothing does any more; absent: as before. */
  postpone(request: { names: string[]; checkAt: number; used?: boolean }): Promise<void>;
  /** Forgets rows in `deleting`, when their bytes are gone. */
  forget(request: { names: string[] }): Promise<void>;
}
