/**
 * A backup of a running server: all facts and pictures as of one moment, in a directory on which a server can start.
 * Writers wait only for that moment: while no file of facts is written to, a snapshot of each is pinned, which takes
 * milliseconds. The snapshots are copied afterwards.
 */
import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { WarbleError } from '#domain/errors.ts';
import { copyPicture, forgetPictures, KEPT_PICTURES } from '#media/stores/copy.ts';
import type { Clock } from '#platform/clock.ts';
import { syncDirectory } from '#platform/files.ts';
import type { Database } from '#platform/sqlite/database.ts';
import { type PinnedFile, pinFile } from '#platform/sqlite/pinned-file.ts';
import { FACTS_FILES, MEDIA_DIRECTORY } from '../data-files.ts';
import { MEDIA_ID_FILE, readManifest, writeManifest } from '../manifest.ts';
import { atomically, readableBytes } from './directories.ts';
import { verifyCopy } from './verify.ts';

export interface BackupDeps {
  /** The data directory. */
  data: string;
  /** Include the databases of all files of facts. */
  databases: readonly Pick<Database, 'path' | 'whileQuiet'>[];
  clock: Clock;
}
export interface BackupRequest {
  /** The directory of the backup, which must be missing or empty. It appears only once the backup is complete. */
  to: string;
  progress: (line: string) => void;
  /** Aborts the backup. */
  signal: AbortSignal;
}
export interface BackupDone {
  /** The directory. */
  path: string;
  /** The moment that the backup shows (ms since 1970). */
  time: number;
  database_bytes: number;
  pictures: number;
}

export interface Backups {
  /**
   * Makes a backup, one at a time. Throws invalid_request where `to` cannot be used, overloaded while another backup
   * is running, storage_full, unavailable.
   */
  make(request: BackupRequest): Promise<BackupDone>;
}

const GATEWAY_FILE = 'gateway.db';
/** The least time between two lines of progress. */
const TELL_EVERY_MS = 1_000;

export function createBackups(deps: BackupDeps): Backups {
  let underWay = false;
  return {
    async make(request) {
      if (underWay) {
        throw new WarbleError('overloaded', 'Another backup is under way; wait until it has ended.');
      }
      underWay = true;
      try {
        return await makeBackup(deps, request);
      } finally {
        underWay = false;
      }
    },
  };
}

async function makeBackup(deps: BackupDeps, request: BackupRequest): Promise<BackupDone> {
  const { data } = deps;
  const path = resolve(request.to);
  if (!relative(data, path).startsWith('..')) {
    throw new WarbleError('invalid_request', `${path} lies in the data directory; give another place.`);
  }
  return atomically(path, request.signal, async (draft) => {
    const done = await copyAll(deps, request, draft);
    request.progress('verifying the copy');
    await verifyCopy(draft, request.signal);
    return { path, ...done };
  });
}

async function copyAll(
  deps: BackupDeps,
  request: BackupRequest,
  draft: string,
): Promise<Omit<BackupDone, 'path'>> {
  const { data, clock } = deps;
  const tell = progressEvery(clock, request);
  const { pinned, time } = await pinAll(deps);
  try {
    let database_bytes = 0;
    for (const [name, file] of pinned) {
      const whole = readableBytes(file.size_bytes);
      tell(`${name}: ${whole}`);
      await file.copyTo(join(draft, name), (done) => tell(`${name}: ${readableBytes(done)} of ${whole}`));
      database_bytes += file.size_bytes;
    }
    const pictures = await copyPictures(pinned.get(GATEWAY_FILE)!, data, draft, tell);
    const manifest = readManifest(data)!;
    writeManifest(draft, { ...manifest, backup: new Date(time).toISOString() });
    return { time, database_bytes, pictures };
  } finally {
    for (const file of pinned.values()) file.close();
  }
}

/** Takes snapshots of all files of facts at one moment, while none of them is written to. */
async function pinAll({
  databases,
  clock,
}: BackupDeps): Promise<{ pinned: Map<string, PinnedFile>; time: number }> {
  const facts = FACTS_FILES.map((name) => {
    const database = databases.find(({ path }) => basename(path) === name);
    if (database === undefined) throw new Error(`No open database is ${name}.`);
    return { name, database };
  });
  const pinned = new Map<string, PinnedFile>();
  const pin = async () => {
    const time = clock.now();
    try {
      for (const { name, database } of facts) pinned.set(name, pinFile(database.path));
    } catch (error) {
      for (const file of pinned.values()) file.close();
      throw error;
    }
    return { pinned, time };
  };
  const allQuiet = facts.reduce<() => ReturnType<typeof pin>>(
    (work, { database }) =>
      () =>
        database.whileQuiet(work),
    pin,
  );
  return allQuiet();
}

async function copyPictures(
  gateway: PinnedFile,
  data: string,
  draft: string,
  tell: (line: string) => void,
): Promise<number> {
  const [from, to] = [join(data, MEDIA_DIRECTORY), join(draft, MEDIA_DIRECTORY)];
  await mkdir(to, { mode: 0o700 });
  await copyFile(join(from, MEDIA_ID_FILE), join(to, MEDIA_ID_FILE));
  const names = gateway.all(KEPT_PICTURES).map(({ name }) => name as string);
  const gone: string[] = [];
  for (const [at, name] of names.entries()) {
    if (!(await copyPicture(name, from, to))) gone.push(name);
    tell(`pictures: ${at + 1} of ${names.length}`);
  }
  if (gone.length > 0) forgetPictures(join(draft, GATEWAY_FILE), gone);
  for (const folder of new Set(names.map((name) => name.slice(0, 2)))) syncDirectory(join(to, folder));
  syncDirectory(to);
  return names.length - gone.length;
}

/** Shows at most one line a second. Throws where the backup was aborted. */
function progressEvery(clock: Clock, { progress, signal }: BackupRequest): (line: string) => void {
  let told = Number.NEGATIVE_INFINITY;
  return (line) => {
    signal.throwIfAborted();
    const now = clock.monotonic();
    if (now - told < TELL_EVERY_MS) return;
    told = now;
    progress(line);
  };
}
