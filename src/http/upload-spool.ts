import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { WarbleError } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import type { Random } from '#platform/random.ts';

export interface UploadSpoolDeps {
  /** Used by this process only. Its contents are deleted at the start. */
  directory: string;
  random: Random;
  /** For all uploads together, complete or not, until they have been re-encoded. */
  max_MiB?: number | undefined;
  /** For one user, and never more than is still free, so that there is always room for others. */
  maxOfOwner_MiB?: number;
}

/** An upload's bytes, in a file of their own. */
export interface SpooledFile {
  path: string;
  /** Deletes the file. Call it however the upload ended. */
  discard(): Promise<void>;
}

export interface UploadSpool {
  /**
   * Writes an upload to disk as it arrives, so that an unfinished upload takes no memory. Throws `rate_limited` if
   * its owner has too much there, `overloaded` if too little is free, `storage_full`, and what `source` throws; then
   * the file is deleted.
   */
  receive(owner: UserId, source: AsyncIterable<Buffer>): Promise<SpooledFile>;
}

const MAX_MIB = 1_024;
const MAX_OF_OWNER_MIB = 64;
const BYTES_OF_A_MIB = 1024 ** 2;
const NAME_BYTES = 16;

export async function openUploadSpool(deps: UploadSpoolDeps): Promise<UploadSpool> {
  const { directory, random, max_MiB = MAX_MIB, maxOfOwner_MiB = MAX_OF_OWNER_MIB } = deps;
  const held = new Map<UserId, number>();
  let free = max_MiB * BYTES_OF_A_MIB;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });

  /** Throws if there is no room for it. */
  function take(owner: UserId, bytes: number): void {
    const holds = (held.get(owner) ?? 0) + bytes;
    if (holds > maxOfOwner_MiB * BYTES_OF_A_MIB) {
      throw new WarbleError(
        'rate_limited',
        `At most ${maxOfOwner_MiB} MiB of uploads at once; wait for some to be done.`,
        { retryAfter_s: 1 },
      );
    }
    if (holds > free) throw new WarbleError('overloaded', 'Too many uploads at once; try again in a moment.');
    free -= bytes;
    held.set(owner, holds);
  }

  function give(owner: UserId, bytes: number): void {
    free += bytes;
    const holds = held.get(owner)! - bytes;
    if (holds > 0) held.set(owner, holds);
    else held.delete(owner);
  }

  return {
    async receive(owner, source) {
      const path = join(directory, random.bytes(NAME_BYTES).toString('hex'));
      let size = 0;
      const discard = async () => {
        await rm(path, { force: true });
        if (size > 0) give(owner, size);
        size = 0;
      };
      try {
        const file = await open(path, 'wx', 0o600);
        try {
          for await (const chunk of source) {
            take(owner, chunk.length);
            size += chunk.length;
            await file.writeFile(chunk);
          }
        } finally {
          await file.close();
        }
      } catch (error) {
        await discard();
        throw asFailure(error);
      }
      return { path, discard };
    },
  };
}

function asFailure(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new WarbleError('storage_full', 'The disk is full; the picture was not taken. Try again later.', {
    cause: error,
    retryAfter_s: 10,
  });
}
