/**
 * A command of administration: its arguments, what it calls, and how its answer is printed. The command line, the
 * socket of a running server and the offline form all use one table of commands (`commands.ts`). Arguments travel as
 * texts and answers as JSON.
 */
import type { Static, TObject } from 'typebox';
import type { Clock } from '#platform/clock.ts';
import type { Backups } from '../backup/backup.ts';
import type { PublicApi } from '../public-api.ts';
import type { System } from '../system.ts';

/** What a command works on. */
export interface CommandDeps {
  system: System;
  api: Pick<PublicApi, 'administration' | 'moderation' | 'media' | 'databases'>;
  backups: Backups;
  clock: Clock;
  /** Whether the workers run: they do in a server, and not in the offline form. */
  serving: boolean;
  /** Who acts, for the audit log. */
  by: string;
  from: string;
  /** Shows a line while the command is running. */
  progress(line: string): void;
  /** Aborts when the client no longer waits for the answer. */
  signal: AbortSignal;
}

interface CommandSpec<Args extends TObject, Answer> {
  summary: string;
  /** All arguments. Those in `positional` are given without their names, the others as `--name VALUE`. */
  args: Args;
  positional?: readonly (keyof Static<Args> & string)[];
  /** Arguments that are paths. The command line makes them absolute, as the server may run in another directory. */
  paths?: readonly (keyof Static<Args> & string)[];
  /** Answers with plain JSON. Throws WarbleError. */
  run(deps: CommandDeps, args: Static<Args>): Promise<Answer>;
  /** The lines that are printed for the answer. */
  print(answer: Answer): string[];
}

/** What a local command works on: one that the command line runs itself, whether or not a server is running. */
export interface LocalDeps {
  /** The data directory, as it was given. */
  data: string;
  progress(line: string): void;
}

/** A command, its types erased: they were checked at its definition. */
export interface Command {
  summary: string;
  args: TObject;
  positional: readonly string[];
  paths: readonly string[];
  /** null for a local command. */
  run: ((deps: CommandDeps, args: object) => Promise<unknown>) | null;
  /** null for a command of the server. */
  runLocally: ((deps: LocalDeps, args: object) => Promise<unknown>) | null;
  print(answer: unknown): string[];
}

export function defineCommand<Args extends TObject, Answer>(spec: CommandSpec<Args, Answer>): Command {
  return {
    summary: spec.summary,
    args: spec.args,
    positional: spec.positional ?? [],
    paths: spec.paths ?? [],
    // Safe: the arguments were read with these schemas, and the answer to print is this command's own.
    run: (deps, args) => spec.run(deps, args as Static<Args>),
    runLocally: null,
    print: (answer) => spec.print(answer as Answer),
  };
}

export function defineLocalCommand<Args extends TObject, Answer>(
  spec: Omit<CommandSpec<Args, Answer>, 'run'> & {
    runLocally(deps: LocalDeps, args: Static<Args>): Promise<Answer>;
  },
): Command {
  return {
    summary: spec.summary,
    args: spec.args,
    positional: spec.positional ?? [],
    paths: spec.paths ?? [],
    run: null,
    runLocally: (deps, args) => spec.runLocally(deps, args as Static<Args>),
    print: (answer) => spec.print(answer as Answer),
  };
}
