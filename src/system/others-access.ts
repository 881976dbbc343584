import { statSync } from 'node:fs';

const GROUP_AND_OTHERS = 0o077;

/**
 * A warning for the host, with the remedy, where other users of the machine have rights on the data directory;
 * undefined where only its owner has. Not checked on Windows, which has another model of rights.
 */
export function othersAccess(path: string): string | undefined {
  if (process.platform === 'win32') return undefined;
  const rights = statSync(path).mode & 0o777;
  if ((rights & GROUP_AND_OTHERS) === 0) return undefined;
  return `others on this machine have rights on ${path} (mode ${rights.toString(8)}), which holds sessions, private follows and password hashes; take them away with: chmod -R go-rwx '${path}'`;
}
