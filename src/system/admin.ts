/**
 * `warble admin`: what whoever hosts a server does to it, while it is stopped. Everything is in the audit log.
 */
import { pino } from 'pino';
import { systemClock } from '#platform/clock.ts';
import { systemRandom } from '#platform/random.ts';
import { type Config, readSettings } from './config.ts';
import { ConfigError } from './config-error.ts';
import { takeDataDirectory } from './data-directory.ts';
import { openManifest } from './manifest.ts';
import { createPublicApi, type PublicApi } from './public-api.ts';
import { createSystem, type System } from './system.ts';

const USAGE = `npm run admin -- suspend HANDLE --reason "…"    ends somebody's sessions and hides them
  npm run admin -- reinstate HANDLE --reason "…"  lets them back in
  npm run admin -- rebuild VIEW                   derives a view from facts anew, when the server starts
  (with --data DIR; the server must be stopped)`;

interface AdminDeps {
  system: System;
  api: PublicApi;
  reason: string;
}

/** `warble admin ACTION NAME`. */
export async function admin([action = '', name = '', ...argv]: string[]): Promise<void> {
  const act = ACTIONS[action];
  if (act === undefined || name === '' || name.startsWith('--'))
    throw new ConfigError(`admin needs an action and a name:\n  ${USAGE}`);
  const { config, options } = readSettings({
    argv,
    env: process.env,
    defaultData: './data',
    extra: { reason: { type: 'string' } },
  });
  await withSystem(config, (system, api) =>
    act({ system, api, reason: (options.reason as string) ?? '' }, name),
  );
}

async function withSystem(
  config: Config,
  act: (system: System, api: PublicApi) => Promise<string>,
): Promise<void> {
  const directory = takeDataDirectory(config.data);
  const [clock, random] = [systemClock, systemRandom];
  openManifest({ path: directory.path, random });
  const system = await createSystem({ file: directory.file, clock, random, region: config.region });
  const logger = pino({ level: 'silent' });
  const api = await createPublicApi({ system, config, directory, clock, random, logger, version: '' });
  try {
    console.error(await act(system, api));
  } finally {
    await api.close({ deadline_ms: 1_000 });
    await api.closeStores();
    await system.close();
    directory.release();
  }
}

const ACTIONS: Record<string, (deps: AdminDeps, name: string) => Promise<string>> = {
  suspend: (deps, handle) => setState(deps, handle, 'suspended'),
  reinstate: (deps, handle) => setState(deps, handle, 'active'),
  async rebuild({ system }, name) {
    const view = system.views[name];
    if (view === undefined)
      throw new ConfigError(`there is no view ${name}; there are ${Object.keys(system.views).join(', ')}.`);
    await view.startRebuild();
    return `${name} will be rebuilt from facts, while the server serves, at its next start.`;
  },
};

async function setState(
  { api, reason }: AdminDeps,
  handle: string,
  state: 'active' | 'suspended',
): Promise<string> {
  if (reason === '') throw new ConfigError('give a --reason; it goes to the audit log.');
  const { userId } = await api.administration.byHandle({ handle });
  const actor = { userId, by: 'admin', from: 'command line', reason };
  if (state === 'suspended') await api.administration.suspend(actor);
  else await api.administration.reinstate(actor);
  return `${handle} is ${state} now.`;
}
