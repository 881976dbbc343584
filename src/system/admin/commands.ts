/** Every act of administration by its name, and how one is carried out. */
import { WarbleError } from '#domain/errors.ts';
import { parameterReader } from '#http/parameters.ts';
import { ACCOUNT_ACTS } from './account-commands.ts';
import { BACKUP_ACTS } from './backup-commands.ts';
import type { Act, ActDeps } from './command.ts';
import { CONTENT_ACTS } from './content-commands.ts';
import { HOST_ACTS } from './host-commands.ts';
import { SIGN_UP_ACTS } from './sign-up-commands.ts';

const ACTS: Readonly<Record<string, Act>> = {
  ...ACCOUNT_ACTS,
  ...CONTENT_ACTS,
  ...SIGN_UP_ACTS,
  ...HOST_ACTS,
  ...BACKUP_ACTS,
};

/** In the order in which they are listed. */
export const ACT_NAMES: readonly string[] = Object.keys(ACTS);

/** The act of that name. Throws not_found. */
export function actOf(name: string): Act {
  // Not ACTS[name] alone: `constructor` is in every object.
  if (!Object.hasOwn(ACTS, name)) {
    throw new WarbleError('not_found', `There is no act ${name}; \`npm run admin\` lists them.`);
  }
  return ACTS[name]!;
}

/** Arguments as texts, as they come from a command line or a socket. */
export type ActTexts = Readonly<Record<string, string>>;

/** Reads the arguments and carries an act out. Answers with plain JSON. Throws WarbleError. */
export async function perform(name: string, texts: ActTexts, deps: ActDeps): Promise<unknown> {
  const act = actOf(name);
  if (act.run === null) {
    throw new WarbleError('invalid_request', `${name} is done by the command line itself, not by a server.`);
  }
  return act.run(deps, readArguments(act, texts));
}

/** Throws invalid_request that names the argument. */
export function readArguments(act: Act, texts: ActTexts): object {
  return parameterReader(act.args, 'query')(Object.entries(texts));
}
