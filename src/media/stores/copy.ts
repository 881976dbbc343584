/** Copies all pictures for a backup; the index, as of the moment of the backup, says which there are. */
import { constants, copyFile, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** For the gateway's database: the pictures that can be used. The sweeper deletes the others, in the copy as here. */
export const KEPT_PICTURES = `SELECT name FROM media WHERE state = 'kept' ORDER BY name`;

/** Below the directory of pictures. */
export function picturePath(name: string): string {
  return join(name.slice(0, 2), name);
}

/**
 * Copies one picture from one directory of pictures to another, durably. False: it is not there. A picture is kept for a day
 * after its last use, so only an erasure or an administrator can have deleted it meanwhile.
 */
export async function copyPicture(name: string, from: string, to: string): Promise<boolean> {
  await mkdir(join(to, name.slice(0, 2)), { recursive: true, mode: 0o700 });
  const target = join(to, picturePath(name));
  try {
    // If the file system can, the two share their blocks: pictures never change.
    await copyFile(join(from, picturePath(name)), target, constants.COPYFILE_FICLONE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  const file = await open(target, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  return true;
}

/** Removes pictures from the index in a copy of the gateway's database: their bytes were deleted before the copy. */
export function forgetPictures(gatewayDb: string, names: readonly string[]): void {
  const connection = new DatabaseSync(gatewayDb, { timeout: 5_000 });
  try {
    const forget = connection.prepare('DELETE FROM media WHERE name = ?');
    connection.exec('PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; BEGIN IMMEDIATE');
    for (const name of names) forget.run(name);
    connection.exec('COMMIT');
  } finally {
    connection.close();
  }
}
