/**
 * `warble admin`: administration of a server by its host. It talks to the server that holds the data directory, or
 * works on the directory itself while no server runs.
 */
import { accessSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import type { TObject } from 'typebox';
import { systemClock } from '#platform/clock.ts';
import { systemRandom } from '#platform/random.ts';
import { createBackups } from '../backup/backup.ts';
import { type Config, operatorOf, readSettings } from '../config.ts';
import { ConfigError } from '../config-error.ts';
import { takeDataDirectory } from '../data-directory.ts';
import { MANIFEST_FILE, openManifest, refuseWithoutManifest } from '../manifest.ts';
import { createPublicApi } from '../public-api.ts';
import { createSystem } from '../system.ts';
import type { Command } from './command.ts';
import { COMMAND_NAMES, type CommandTexts, commandOf, readArguments, runCommand } from './commands.ts';
import { printable } from './printable.ts';
import { ask, connectAdmin } from './socket-client.ts';

/** `warble admin COMMAND …`. */
export async function admin([name, ...argv]: string[]): Promise<void> {
  if (name === undefined || name === '--help' || name === 'help') return print(listing());
  const command = commandOf(name);
  const { texts, data, help, json } = parse(name, command, argv);
  if (help) return print(helpOf(name, command));
  checkRequired(name, command, texts);
  readArguments(command, texts);
  const { config } = readSettings({
    argv: data === undefined ? [] : ['--data', data],
    env: process.env,
    defaultData: './data',
  });
  const answer =
    command.runLocally === null
      ? await runWhereTheDataIs(name, texts, config)
      : await command.runLocally({ data: config.data, progress }, readArguments(command, texts));
  print(json ? [JSON.stringify(answer)] : command.print(answer));
}

function print(lines: string[]): void {
  for (const line of lines) console.log(line);
}

/** Progress goes to standard error, for a person who watches, as programs read the answer from standard output. */
function progress(line: string): void {
  console.error(printable(line));
}

/** Checked before anything is opened, since opening would create missing files. */
function checkData(data: string): void {
  if (existsSync(join(data, MANIFEST_FILE))) return;
  if (isClosedToUs(data)) {
    throw new ConfigError(
      `${resolve(data)} may not be read by this user; run this as the user of the server, such as with sudo -u.`,
    );
  }
  refuseWithoutManifest(resolve(data));
  throw new ConfigError(
    `${resolve(data)} holds no data of this server; give the directory with --data or WARBLE_DATA.`,
  );
}

/** A directory that may not be searched looks empty. */
function isClosedToUs(data: string): boolean {
  try {
    accessSync(join(data, MANIFEST_FILE));
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

async function runWhereTheDataIs(name: string, texts: CommandTexts, config: Config): Promise<unknown> {
  checkData(config.data);
  const by = operatorOf(process.env);
  const socket = await connectAdmin(config.data);
  if (socket !== undefined) return ask(socket, { command: name, args: texts, by }, progress);
  return runOnStoppedServer(name, texts, config, by);
}

/** Opens the whole system on the directory, without its workers, and closes it again. */
async function runOnStoppedServer(
  name: string,
  texts: CommandTexts,
  config: Config,
  by: string,
): Promise<unknown> {
  const directory = takeDataDirectory(config.data);
  const random = systemRandom;
  openManifest({ path: directory.path, random });
  const system = await createSystem({
    file: directory.file,
    clock: systemClock,
    random,
    region: config.region,
  });
  const logger = pino({ level: 'silent' });
  const api = await createPublicApi({ system, config, directory, random, logger, version: '' });
  try {
    return await runCommand(name, texts, {
      system,
      api,
      backups: createBackups({
        data: directory.path,
        databases: [...system.stores.databases, ...api.databases],
        clock: system.clock,
      }),
      clock: system.clock,
      serving: false,
      by,
      from: 'command line',
      progress,
      signal: new AbortController().signal,
    });
  } finally {
    await api.close({ deadline_ms: 1_000 });
    await api.closeStores();
    await system.close();
    directory.release();
  }
}

interface Parsed {
  texts: CommandTexts;
  data: string | undefined;
  help: boolean;
  json: boolean;
}

/** The schema keywords that help and parsing look at. */
interface Keywords {
  type?: string;
  enum?: readonly string[];
  description?: string;
  default?: string | number | boolean;
}

function optionsOf({ args, positional }: Command): [string, Keywords][] {
  return Object.entries(args.properties as Record<string, Keywords>).filter(
    ([name]) => !positional.includes(name),
  );
}

function parse(name: string, command: Command, argv: string[]): Parsed {
  const options = Object.fromEntries(
    optionsOf(command).map(([option, { type }]) => [
      option,
      { type: type === 'boolean' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  const common = { data: { type: 'string' }, help: { type: 'boolean' }, json: { type: 'boolean' } } as const;
  const { values, positionals } = parseOptions(name, argv, { ...options, ...common });
  const { data, help = false, json = false, ...given } = values;
  if (positionals.length > command.positional.length && help !== true) {
    const extra = positionals[command.positional.length];
    throw new ConfigError(`${name} takes no argument "${extra}"; see \`npm run admin -- ${name} --help\`.`);
  }
  const named = command.positional.slice(0, positionals.length).map((field, at) => [field, positionals[at]!]);
  const texts = Object.entries(given).map(([field, value]) => [field, String(value)]);
  return {
    texts: withWholePaths(command, Object.fromEntries([...named, ...texts])),
    data: data as string | undefined,
    help: help === true,
    json: json === true,
  };
}

/** Makes paths absolute, as the server may run in another directory. */
function withWholePaths({ paths }: Command, texts: Record<string, string>): CommandTexts {
  return Object.fromEntries(
    Object.entries(texts).map(([field, text]) => [
      field,
      paths.includes(field) && text !== '' ? resolve(text) : text,
    ]),
  );
}

function parseOptions(
  name: string,
  args: string[],
  options: Record<string, { type: 'string' | 'boolean' }>,
): { values: Record<string, string | boolean | undefined>; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({ args, options, strict: true, allowPositionals: true });
    return { values: values as Record<string, string | boolean | undefined>, positionals };
  } catch (error) {
    const reason = (error as Error).message.split(/[.\n]/)[0];
    throw new ConfigError(`${reason}; see \`npm run admin -- ${name} --help\`.`);
  }
}

/** Throws ConfigError that names a missing argument as it is written on the command line. */
function checkRequired(name: string, command: Command, texts: CommandTexts): void {
  const missing = [...requiredOf(command)].find((field) => texts[field] === undefined);
  if (missing === undefined) return;
  const written = command.positional.includes(missing) ? missing.toUpperCase() : `--${missing}`;
  throw new ConfigError(
    `${written} is missing; the command is \`npm run admin -- ${usageOf(name, command)}\`.`,
  );
}

/** The arguments that have no default. */
function requiredOf({ args }: Command): Set<string> {
  const properties = args.properties as Record<string, Keywords>;
  const required = (args as TObject).required ?? [];
  return new Set(required.filter((field) => properties[field]?.default === undefined));
}

function usageOf(name: string, command: Command): string {
  const required = requiredOf(command);
  const positional = command.positional.map((field) =>
    required.has(field) ? field.toUpperCase() : `[${field.toUpperCase()}]`,
  );
  const options = optionsOf(command)
    .filter(([option]) => required.has(option))
    .map(([option]) => `--${option} "…"`);
  return [name, ...positional, ...options].join(' ');
}

function listing(): string[] {
  const usages = COMMAND_NAMES.map(
    (name) => [usageOf(name, commandOf(name)), commandOf(name).summary] as const,
  );
  const width = Math.max(...usages.map(([usage]) => usage.length));
  return [
    'npm run admin -- COMMAND …   (with --data DIR, unless it is ./data or WARBLE_DATA)',
    '',
    ...usages.map(([usage, summary]) => `  ${usage.padEnd(width)}  ${summary}`),
    '',
    'PERSON is a handle, or id:7. `npm run admin -- COMMAND --help` says more.',
  ];
}

function helpOf(name: string, command: Command): string[] {
  const properties = Object.entries(command.args.properties as Record<string, Keywords>);
  const rows = [
    ...properties.map(([field, keywords]) => [
      command.positional.includes(field)
        ? field.toUpperCase()
        : keywords.type === 'boolean'
          ? `--${field}`
          : `--${field} ${keywords.enum?.join('|') ?? 'VALUE'}`,
      describe(command.positional.includes(field), keywords),
    ]),
    ['--data DIR', 'the data directory (./data, or WARBLE_DATA)'],
    ['--json', 'prints the answer as JSON'],
  ];
  const width = Math.max(...rows.map(([option]) => option!.length));
  return [
    `npm run admin -- ${usageOf(name, command)}`,
    command.summary,
    '',
    ...rows.map(([option, description]) => `  ${option!.padEnd(width)}  ${description}`.trimEnd()),
  ];
}

function describe(
  positional: boolean,
  { description = '', enum: choices, default: fallback }: Keywords,
): string {
  const values = positional && choices !== undefined ? `${choices.join(' | ')}: ` : '';
  const usual = fallback === undefined || fallback === false || fallback === '' ? '' : ` (${fallback})`;
  return `${values}${description}${usual}`;
}
