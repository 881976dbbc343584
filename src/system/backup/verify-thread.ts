/** The thread of `verify.ts`: posts what is wrong with a copy of a data directory, or null. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { KEPT_PICTURES, picturePath } from '#media/stores/copy.ts';
import { MEDIA_DIRECTORY } from '../data-files.ts';
import { checkManifest } from '../manifest.ts';

const { directory } = workerData as { directory: string };

function faultIn(path: string): string | null {
  const { facts, backup } = checkManifest(path);
  if (backup === undefined) return 'its manifest does not say that it is a backup';
  for (const name of facts) {
    if (name === MEDIA_DIRECTORY) continue;
    const fault = faultInDatabase(join(path, name), name);
    if (fault !== null) return fault;
  }
  return null;
}

function faultInDatabase(file: string, name: string): string | null {
  const connection = new DatabaseSync(file, { timeout: 5_000 });
  try {
    const { quick_check: found } = connection.prepare('PRAGMA quick_check(1)').get() as {
      quick_check: string;
    };
    if (found !== 'ok') return `${name} is damaged (${found.split('\n').at(-1)})`;
    if (name !== 'gateway.db') return null;
    for (const row of connection.prepare(KEPT_PICTURES).iterate()) {
      const picture = picturePath(row.name as string);
      if (!existsSync(join(directory, MEDIA_DIRECTORY, picture))) return `the picture ${picture} is missing`;
    }
    return null;
  } finally {
    connection.close();
  }
}

function verdict(): string | null {
  try {
    return faultIn(directory);
  } catch (error) {
    return (error as Error).message;
  }
}

parentPort!.postMessage(verdict());
