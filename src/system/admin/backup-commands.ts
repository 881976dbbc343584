/** Commands for backups: making and restoring them. */
import { restoreBackup } from '../backup/restore.ts';
import { fields, pathOf } from './arguments.ts';
import { type Command, defineCommand, defineLocalCommand } from './command.ts';
import { bytes, moment, printable } from './printable.ts';

/** Commands by name. */
export const BACKUP_COMMANDS: Record<string, Command> = {
  backup: defineCommand({
    summary: 'copies all facts and pictures as of one moment, while the server serves',
    args: fields({ directory: pathOf('where the copy goes: missing or empty') }),
    positional: ['directory'],
    paths: ['directory'],
    run: ({ backups, progress, signal }, { directory }) => backups.make({ to: directory, progress, signal }),
    print: ({ path, time, database_bytes, pictures }) => [
      printable(`${path} holds everything as of ${moment(time)}.`),
      `databases: ${bytes(database_bytes)}, pictures: ${pictures}`,
    ],
  }),
  // No process has opened the data directory that it makes yet.
  restore: defineLocalCommand({
    summary: 'makes a data directory from a backup; --data DIR must be missing or empty',
    args: fields({ backup: pathOf('the backup, which stays as it is') }),
    positional: ['backup'],
    paths: ['backup'],
    runLocally: ({ data, progress }, { backup }) => restoreBackup({ from: backup, to: data, progress }),
    print: ({ path, time }) => [
      printable(`${path} holds everything as of ${time.slice(0, 19)}Z. To start a server on it:`),
      printable(`npm start -- --data ${path}`),
    ],
  }),
};
