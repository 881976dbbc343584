/**
 * Makes a data directory from a backup. The directory keeps the mark of a backup, so that the first start on it begins
 * without derived data: views left by a later state of the same data would be wrong.
 */
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, mkdir, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { WarbleError } from '#domain/errors.ts';
import { copyPicture } from '#media/stores/copy.ts';
import { syncDirectory } from '#platform/files.ts';
import { MEDIA_DIRECTORY } from '../data-files.ts';
import { MEDIA_ID_FILE, readManifest, writeManifest } from '../manifest.ts';
import { atomically } from './directories.ts';
import { verifyCopy } from './verify.ts';

export interface RestoreRequest {
  /** The backup, which is not changed. */
  from: string;
  /** The data directory to create, which must be missing or empty. It appears only once it is complete. */
  to: string;
  progress: (line: string) => void;
}

/**
 * Throws not_found where `from` is missing; invalid_request where it is no backup or `to` is in use; storage_full,
 * unavailable.
 */
export async function restoreBackup({
  from,
  to,
  progress,
}: RestoreRequest): Promise<{ path: string; time: string }> {
  const [source, path] = [resolve(from), resolve(to)];
  if (!existsSync(source)) throw new WarbleError('not_found', `There is no directory ${source}.`);
  const manifest = readManifest(source);
  const time = manifest?.backup;
  if (manifest === undefined || time === undefined) {
    throw new WarbleError(
      'invalid_request',
      `${source} was not made by \`npm run admin -- backup\`; to use a copy of a stopped data directory, start the server on it.`,
    );
  }
  const { signal } = new AbortController();
  return atomically(path, signal, async (draft) => {
    for (const name of manifest.facts) {
      progress(name);
      if (name === MEDIA_DIRECTORY) await copyPictures(join(source, name), join(draft, name), progress);
      else await copyDurably(join(source, name), join(draft, name));
    }
    writeManifest(draft, manifest);
    progress('verifying the copy');
    await verifyCopy(draft, signal);
    return { path, time };
  });
}

async function copyDurably(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const file = await open(to, 'r+');
  try {
    await file.chmod(0o600);
    await file.sync();
  } finally {
    await file.close();
  }
}

const PICTURES_PER_LINE = 1_000;

async function copyPictures(from: string, to: string, progress: (line: string) => void): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  await copyDurably(join(from, MEDIA_ID_FILE), join(to, MEDIA_ID_FILE));
  let copied = 0;
  for (const folder of readdirSync(from, { withFileTypes: true })) {
    if (!folder.isDirectory()) continue;
    const names = readdirSync(join(from, folder.name));
    for (const name of names) {
      await copyPicture(name, from, to);
      if (++copied % PICTURES_PER_LINE === 0) progress(`pictures: ${copied}`);
    }
    if (names.length > 0) syncDirectory(join(to, folder.name));
  }
  syncDirectory(to);
}
