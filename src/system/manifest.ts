/**
 * `manifest.json` in a data directory: which installation it is, the format of what it holds, and every file of facts.
 * Each of those files carries the installation's id, so that a file that is missing, comes from elsewhere, or was
 * written by a newer version stops the start instead of being replaced by an empty one.
 *
 * A crash at any moment of a first start leaves a directory that starts: the manifest is written before the files,
 * with those still to be created under `creating`, and no data can be in a file while it is listed there.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readFileIfExists, replaceFile, syncDirectory } from '#platform/files.ts';
import type { Random } from '#platform/random.ts';
import { createWithApplicationId, readApplicationId } from '#platform/sqlite/application-id.ts';
import { ConfigError } from './config-error.ts';
import { DERIVED_FILES, FACTS_FILES, MEDIA_DIRECTORY } from './data-files.ts';

export const MANIFEST_FILE = 'manifest.json';

/**
 * Raised when data of the previous format cannot be read any more, as after a change of the layout of ids. A directory
 * with another format is refused.
 */
export const DATA_FORMAT = 2;

export interface Manifest {
  /** 8 hexadecimal digits; the application id of every database of the directory. */
  installation: string;
  format: number;
  /** Every file of facts, and the directory of pictures. */
  facts: string[];
  /** Those of `facts` that may not be complete yet. */
  creating: string[];
  /**
   * In a backup: when it was made, in ISO 8601. The first start on it removes every derived file and then this mark:
   * derived files may have been left by a later state of the same data, and would miss new events.
   */
  backup?: string;
}

/** A file that only data from before the manifest contain; their ids have another, indistinguishable layout. */
const FORMER_FILE = 'ids.db';

const FACTS: readonly string[] = [...FACTS_FILES, MEDIA_DIRECTORY];
/** A file in the directory of pictures with the installation's id, which databases have in their headers. */
export const MEDIA_ID_FILE = 'installation';

export interface ManifestDeps {
  /** The data directory, which this process has locked. */
  path: string;
  random: Pick<Random, 'bytes'>;
}

/**
 * Checks a data directory against its manifest; creates the manifest and the files of facts in a new one. Throws
 * ConfigError that names the file and the remedy. To be called before any store is opened.
 */
export function openManifest({ path, random }: ManifestDeps): Manifest {
  let manifest = readManifest(path) ?? newManifest(path, random);
  checkFormat(path, manifest);
  const added = FACTS.filter((name) => !manifest.facts.includes(name));
  if (added.length > 0) {
    const { facts, creating } = manifest;
    manifest = { ...manifest, facts: [...facts, ...added], creating: [...creating, ...added] };
    writeManifest(path, manifest);
  }
  for (const name of manifest.facts) {
    if (!manifest.creating.includes(name)) checkFile(path, name, manifest);
  }
  if (manifest.creating.length > 0) {
    for (const name of manifest.creating) createFile(path, name, manifest);
    // Makes the names durable before the manifest says that the files exist.
    syncDirectory(path);
    manifest = { ...manifest, creating: [] };
    writeManifest(path, manifest);
  }
  if (manifest.backup !== undefined) {
    const { backup: _, ...begun } = manifest;
    removeDerived(path);
    manifest = begun;
    writeManifest(path, manifest);
  }
  return manifest;
}

/** The manifest of a complete directory: every file of facts exists and belongs to it. Throws ConfigError otherwise. */
export function checkManifest(path: string): Manifest {
  const manifest = readManifest(path);
  if (manifest === undefined) throw new ConfigError(`${path} has no ${MANIFEST_FILE}.`);
  checkFormat(path, manifest);
  for (const name of manifest.facts) checkFile(path, name, manifest);
  return manifest;
}

function removeDerived(path: string): void {
  for (const name of DERIVED_FILES) {
    for (const part of ['', '-wal', '-shm']) rmSync(join(path, name + part), { force: true });
  }
  syncDirectory(path);
}

/** The manifest of a data directory, or of a copy of one; undefined where there is none. Throws ConfigError. */
export function readManifest(path: string): Manifest | undefined {
  const file = join(path, MANIFEST_FILE);
  const text = readFileIfExists(file);
  if (text === undefined) return undefined;
  const manifest = parsed(text);
  if (manifest === undefined) {
    throw new ConfigError(
      `${file} is damaged; put back the one from a backup of this data, or restore the whole backup.`,
    );
  }
  return manifest;
}

/** Replaces a directory's manifest atomically. */
export function writeManifest(path: string, manifest: Manifest): void {
  replaceFile(join(path, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
}

function parsed(text: string): Manifest | undefined {
  try {
    const manifest = JSON.parse(text) as Partial<Manifest>;
    const { installation, format, facts, creating } = manifest;
    const isWhole =
      typeof installation === 'string' &&
      /^[0-9a-f]{8}$/.test(installation) &&
      Number.isInteger(format) &&
      isNames(facts) &&
      isNames(creating);
    return isWhole ? (manifest as Manifest) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}

/** Throws ConfigError, with the remedy, where a directory without a manifest contains data. */
export function refuseWithoutManifest(path: string): void {
  if (existsSync(join(path, FORMER_FILE))) throw formerData(path, 0);
  const found = [...FACTS_FILES, ...DERIVED_FILES].find((name) => existsSync(join(path, name)));
  if (found !== undefined) {
    throw new ConfigError(
      `${path} has ${found} but no ${MANIFEST_FILE}, which says what belongs to its data; put the file back, restore a backup, or give another directory with --data.`,
    );
  }
}

function newManifest(path: string, random: Pick<Random, 'bytes'>): Manifest {
  refuseWithoutManifest(path);
  // 0 is the id of a database that was given none.
  const id = random.bytes(4).readUInt32BE() || 1;
  return {
    installation: id.toString(16).padStart(8, '0'),
    format: DATA_FORMAT,
    facts: [],
    creating: [],
  };
}

function checkFormat(path: string, { format, facts }: Manifest): void {
  if (format < DATA_FORMAT) {
    throw formerData(path, format);
  }
  const unknown = facts.find((name) => !FACTS.includes(name));
  if (format > DATA_FORMAT || unknown !== undefined) {
    const reason = unknown === undefined ? `format ${format}` : unknown;
    throw new ConfigError(
      `the data in ${path} was written by a newer version of this server (${reason}); start that version, or restore a backup.`,
    );
  }
}

function formerData(path: string, format: number): ConfigError {
  return new ConfigError(
    `the data in ${path} has format ${format}, and this version reads only format ${DATA_FORMAT}; start the version that wrote it, or give another directory with --data.`,
  );
}

function checkFile(path: string, name: string, manifest: Manifest): void {
  const file = join(path, name);
  const found = name === MEDIA_DIRECTORY ? readMediaId(file) : readApplicationId(file);
  if (found === idOf(manifest)) return;
  const reason = typeof found === 'number' ? 'belongs to another installation' : `is ${found}`;
  throw new ConfigError(
    `${file} ${reason}, and nothing else has what belongs there; put it back, or restore a backup of everything (npm run admin -- restore).`,
  );
}

function createFile(path: string, name: string, manifest: Manifest): void {
  const file = join(path, name);
  try {
    if (name === MEDIA_DIRECTORY) {
      if (createMediaDirectory(file, manifest)) return;
    } else if (createWithApplicationId(file, idOf(manifest))) {
      return;
    }
  } catch (error) {
    throw new ConfigError(
      `${file} cannot be made: ${(error as Error).message}; free some space, correct its permissions, or give another directory with --data.`,
    );
  }
  throw new ConfigError(
    `${file} belongs to another installation; move it away, or give another directory with --data.`,
  );
}

function createMediaDirectory(path: string, { installation }: Manifest): boolean {
  if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
  const idFile = join(path, MEDIA_ID_FILE);
  const found = readFileIfExists(idFile);
  if (found === undefined && readdirSync(path).some((name) => name !== `${MEDIA_ID_FILE}.tmp`)) return false;
  if (found === undefined) replaceFile(idFile, `${installation}\n`);
  return found === undefined || found.trim() === installation;
}

function readMediaId(path: string): number | 'missing' | 'damaged' {
  const found = readFileIfExists(join(path, MEDIA_ID_FILE));
  if (found === undefined) return 'missing';
  return /^[0-9a-f]{8}$/.test(found.trim()) ? Number.parseInt(found, 16) : 'damaged';
}

function idOf({ installation }: Manifest): number {
  return Number.parseInt(installation, 16);
}
