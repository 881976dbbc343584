/** `warble demo`: the same server, filled with a generated community. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { systemClock } from '#platform/clock.ts';
import { replaceFile } from '#platform/files.ts';
import { readSettings } from '../config.ts';
import { ConfigError } from '../config-error.ts';
import { type DataDirectory, takeDataDirectory } from '../data-directory.ts';
import { FACTS_FILES } from '../data-files.ts';
import { createLogger } from '../logger.ts';
import { startServing, stopOnSignals, welcome } from '../serve.ts';
import { type DemoMark, type FillOptions, fillCommunity } from './fill.ts';
import { startPosting } from './live-posting.ts';

const EXTRA = {
  graph: { type: 'string' },
  undirected: { type: 'boolean' },
  people: { type: 'string' },
  tweets: { type: 'string' },
  seed: { type: 'string' },
  live: { type: 'boolean' },
  check: { type: 'boolean' },
} as const;
const MARK = 'demo.json';

/** Fills the directory unless it is filled already, then serves it. */
export async function demo(argv: string[]): Promise<void> {
  const { config, options } = readSettings({
    argv,
    env: process.env,
    defaultData: './data-demo',
    extra: EXTRA,
  });
  const mark = await filled(config.data, fillOptions(options));
  const logger = createLogger(config.logLevel === 'info' ? 'warn' : config.logLevel);
  const serving = await startServing(config, logger);
  stopOnSignals(serving, logger);
  console.error(welcome(serving, config));
  console.error(
    `  sign in as ${mark.handle} with the password ${mark.password} (everybody here has that one)\n`,
  );
  if (options.live === true) startPosting({ serving, clock: systemClock, logger, host: mark.handle });
}

async function filled(data: string, options: FillOptions): Promise<DemoMark> {
  const directory = takeDataDirectory(data);
  try {
    const file = directory.file(MARK);
    if (existsSync(file)) {
      console.error(
        `The community in ${directory.path} is already there; delete that directory to make a new one.`,
      );
      return JSON.parse(readFileSync(file, 'utf8')) as DemoMark;
    }
    if (FACTS_FILES.some((name) => existsSync(directory.file(name)))) {
      throw new ConfigError(
        `--data ${directory.path} holds other data, or a demo that was interrupted; delete it or give another directory.`,
      );
    }
    return await fillAndMark(directory, options);
  } finally {
    directory.release();
  }
}

/** Writes the mark as soon as the data is complete, and removes it again if the check finds a difference. */
async function fillAndMark(directory: DataDirectory, options: FillOptions): Promise<DemoMark> {
  const file = directory.file(MARK);
  try {
    return await fillCommunity(directory, options, (mark) => replaceFile(file, JSON.stringify(mark)));
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
}

function fillOptions(options: Record<string, string | boolean | undefined>): FillOptions {
  return {
    graph: typeof options.graph === 'string' ? options.graph : null,
    undirected: options.undirected === true,
    users: numberOf('people', options.people ?? '1000', 2, 1_000_000),
    tweets: numberOf('tweets', options.tweets ?? '10000', 1, 10_000_000),
    seed: numberOf('seed', options.seed ?? '1', 0, 2 ** 32 - 1),
    check: options.check === true,
  };
}

function numberOf(name: string, text: string | boolean, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ConfigError(`--${name} is "${text}"; give a whole number from ${min} to ${max}.`);
  }
  return value;
}
