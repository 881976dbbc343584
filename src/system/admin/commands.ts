/** All commands of administration by name, and how one is run. */
import { WarbleError } from '#domain/errors.ts';
import { parameterReader } from '#http/parameters.ts';
import { createSchemaCompiler } from '#http/schema-validator.ts';
import { ACCOUNT_COMMANDS } from './account-commands.ts';
import { BACKUP_COMMANDS } from './backup-commands.ts';
import type { Command, CommandDeps } from './command.ts';
import { CONTENT_COMMANDS } from './content-commands.ts';
import { HOST_COMMANDS } from './host-commands.ts';
import { SIGN_UP_COMMANDS } from './sign-up-commands.ts';

const COMMANDS: Readonly<Record<string, Command>> = {
  ...ACCOUNT_COMMANDS,
  ...CONTENT_COMMANDS,
  ...SIGN_UP_COMMANDS,
  ...HOST_COMMANDS,
  ...BACKUP_COMMANDS,
};

/** In the order in which help lists them. */
export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/** The command of that name. Throws not_found. */
export function commandOf(name: string): Command {
  // Own properties only: every object has a `constructor`.
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new WarbleError('not_found', `There is no command ${name}; \`npm run admin\` lists them.`);
  }
  return COMMANDS[name]!;
}

/** Arguments as texts, as a command line or a socket delivers them. */
export type CommandTexts = Readonly<Record<string, string>>;

/** Reads the arguments and runs the command. Answers with plain JSON. Throws WarbleError. */
export async function runCommand(name: string, texts: CommandTexts, deps: CommandDeps): Promise<unknown> {
  const command = commandOf(name);
  if (command.run === null) {
    throw new WarbleError('invalid_request', `${name} is done by the command line itself, not by a server.`);
  }
  return command.run(deps, readArguments(command, texts));
}

/** Throws invalid_request with the name of the argument. */
export function readArguments(command: Command, texts: CommandTexts): object {
  return parameterReader(command.args, 'query', createSchemaCompiler())(Object.entries(texts));
}
