/**
 * A command of administration: its arguments, what it calls, how its answer is printed. The command line, the socket of
 * the running server and the stopped form all work from the one table of them (`commands.ts`). Arguments travel as texts
 * and answers as JSON.
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
  /** Whether the workers run, as in a server; they do not in the stopped form. */
  serving: boolean;
  /** Who acts, for the audit log. */
  by: string;
  from: string;
  /** Shows a line while the command goes on. */
  progress(line: string): void;
  /** Aborts when nobody waits for the answer any more. */
  signal: AbortSignal;
}

interface CommandSpec<Args extends TObject, Answer> {
  summary: string;
  /** The arguments by name: those of `positional` without their names, the others as `--name VALUE`. */
  args: Args;
  positional?: readonly (keyof Static<Args> & string)[];
  /** Answers with plain JSON. Throws WarbleError. */
  run(deps: CommandDeps, args: Static<Args>): Promise<Answer>;
  /** The lines that are printed of the answer. */
  print(answer: Answer): string[];
}

/** What a command works on that is done by the command line itself, whether a server runs or not. */
export interface LocalDeps {
  /** The data directory, as it was given. */
  data: string;
  progress(line: string): void;
}

/** A command whose types were checked at its definition. */
export interface Command {
  summary: string;
  args: TObject;
  positional: readonly string[];
  /** null: it is no command of the server. */
  run: ((deps: CommandDeps, args: object) => Promise<unknown>) | null;
  /** null: it is one. */
  runLocally: ((deps: LocalDeps, args: object) => Promise<unknown>) | null;
  print(answer: unknown): string[];
}

export function defineCommand<Args extends TObject, Answer>(spec: CommandSpec<Args, Answer>): Command {
  return {
    summary: spec.summary,
    args: spec.args,
    positional: spec.positional ?? [],
    // What arrives was read by these very schemas; what is printed was answered by this very command.
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
    run: null,
    runLocally: (deps, args) => spec.runLocally(deps, args as Static<Args>),
    print: (answer) => spec.print(answer as Answer),
  };
}
