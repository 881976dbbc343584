import { statSync } from 'node:fs';

const GROUP_AND_OTHERS = 0o077;

/**
 * A sentence for whoever hosts the server where others on the machine have rights on the data directory, with the
 * remedy; undefined where only its owner has any. Windows has other rights than these, and is not looked at.
 */
export function othersAccess(path: string): string | undefined {
  if (process.platform === 'win32') return undefined;
  const rights = statSync(path).mode & 0o777;
  if ((rights & GROUP_AND_OTHERS) === 0) return undefined;
  return `others on this machine have rights on ${path} (mode ${rights.toString(8)}), which holds sessions, private follows and password hashes; take them away with: chmod -R go-rwx '${path}'`;
}
