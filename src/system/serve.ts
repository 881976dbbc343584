/** The server process: locks the data directory, composes everything, and stops without losing anything. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { isWarbleError } from '#domain/errors.ts';
import { type MetricsListener, openMetricsListener } from '#http/metrics-page.ts';
import { systemClock } from '#platform/clock.ts';
import { systemRandom } from '#platform/random.ts';
import { createDiskThreads } from '#platform/sqlite/disk-threads.ts';
import { type AdminSocket, type AdminSocketDeps, openAdminSocket } from './admin/socket-server.ts';
import { createBackups } from './backup/backup.ts';
import { clockWarning } from './clock-warning.ts';
import { closeAll } from './close-all.ts';
import { complete } from './complete.ts';
import { type Config, readSettings } from './config.ts';
import { ConfigError } from './config-error.ts';
import { takeDataDirectory } from './data-directory.ts';
import { registerDiskMetrics } from './disk-metrics.ts';
import { unprotectedWarning } from './exposure.ts';
import { createLogger, logSetAside } from './logger.ts';
import { openManifest } from './manifest.ts';
import { createMeasurements, registerProcessMetrics, registerSystemMetrics } from './metrics.ts';
import { othersAccess } from './others-access.ts';
import { createPublicApi, type PublicApi, type PublicApiDeps } from './public-api.ts';
import { runWorkers } from './run-workers.ts';
import { createSystem, type System, type SystemDeps } from './system.ts';
import { version } from './version.ts';

export interface Serving {
  url: string;
  /** Where metrics are served on a port of their own; null where they are not. */
  metricsUrl: string | null;
  system: System;
  api: PublicApi;
  stopping(): boolean;
  /** Drains requests and closes everything; calling it again returns the same promise. */
  stop(): Promise<void>;
}

/**
 * How long requests that are running at SIGTERM may take. The whole stop takes less than 10 s, even with thousands of
 * connections to close and homes to write.
 */
const DRAIN_MS = 6_500;

/** `warble serve`. */
export async function serve(argv: string[]): Promise<void> {
  const { config } = readSettings({ argv, env: process.env, defaultData: './data' });
  const logger = createLogger(config.logLevel);
  const starting = startServing(config, logger);
  stopOnSignals(starting, logger);
  const serving = await starting;
  console.error(
    `${welcome(serving, config)}  more  npm run demo    fills a server with a community to look at\n`,
  );
}

/** Starts everything on one directory. Throws ConfigError where a setting cannot be used. */
export async function startServing(
  config: Config,
  logger: Logger,
  { beforeListening }: { beforeListening?: (app: PublicApi['app']) => void } = {},
): Promise<Serving> {
  const directory = takeDataDirectory(config.data);
  const warning = othersAccess(directory.path);
  if (warning !== undefined) logger.warn(warning);
  const unprotected = unprotectedWarning(config);
  if (unprotected !== undefined) logger.warn(unprotected);
  const random = systemRandom;
  openManifest({ path: directory.path, random });
  const measurements = createMeasurements();
  const system = await createSystem(
    complete<SystemDeps>({
      file: directory.file,
      clock: systemClock,
      random,
      region: config.region,
      disk: createDiskThreads({ onFailure: (error) => endByDisk(error, logger) }),
      faults: undefined,
      onDelivered: measurements.delivered,
      onSetAside: logSetAside(logger),
    }),
  );
  const hasher = undefined;
  const api = await createPublicApi(
    complete<PublicApiDeps>({ system, config, directory, random, logger, version: version(), hasher }),
  );
  const late = clockWarning(system.clock.ahead());
  if (late !== undefined) logger.warn(late);
  registerSystemMetrics(api.registry, system, measurements);
  registerDiskMetrics(api.registry, directory.path);
  registerProcessMetrics(api.registry);
  const workers = runWorkers({
    workers: [...system.workers, ...api.workers],
    log: system.log,
    clock: system.clock,
    onError: (error, worker) =>
      logger.error({ err: error, worker: worker.name }, 'a worker failed; it tries again'),
  });
  beforeListening?.(api.app);
  let stopping: Promise<void> | undefined;
  let metricsListener: MetricsListener | null = null;
  let adminSocket: AdminSocket | undefined;
  const stopAll = () =>
    closeAll(
      async () => {
        await Promise.all([api.close({ deadline_ms: DRAIN_MS }), adminSocket?.close()]);
      },
      async () => metricsListener?.close(),
      () => workers.stop(),
      () => api.closeStores(),
      () => system.close(),
      () => directory.release(),
    );
  function stop(): Promise<void> {
    stopping ??= stopAll();
    return stopping;
  }
  try {
    const { clock } = system;
    const data = directory.path;
    const databases = [...system.stores.databases, ...api.databases];
    const backups = createBackups({ data, databases, clock });
    adminSocket = await adminSocketOf({ data, deps: { system, api, backups, clock }, logger });
    if (config.metricsPort !== null)
      metricsListener = await listenForMetrics(api, config.metricsPort, logger);
    const { url } = await listen(api, config);
    const metricsUrl = metricsListener?.url ?? null;
    return { url, metricsUrl, system, api, stopping: () => stopping !== undefined, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where the administration socket cannot be opened, the server logs that and serves without it. */
async function adminSocketOf(deps: AdminSocketDeps): Promise<AdminSocket | undefined> {
  try {
    return await openAdminSocket(deps);
  } catch (error) {
    deps.logger.error(
      { err: error },
      'the socket for administration cannot be opened; npm run admin needs a stop',
    );
    return undefined;
  }
}

/**
 * Ends the process at once, as `kill -9` would: the disk failed to sync, so what it holds is unknown, and an orderly
 * stop would continue to write and might report success. The next start reads what is there.
 */
function endByDisk(error: unknown, logger: Logger): void {
  logger.fatal(
    { err: error },
    'the disk failed to keep what was written; this process ends, and nobody was answered. Check the disk, then start it again.',
  );
  process.kill(process.pid, 'SIGKILL');
}

async function listenForMetrics(
  { registry }: PublicApi,
  port: number,
  logger: Logger,
): Promise<MetricsListener> {
  const onError = (error: unknown) => logger.error({ err: error }, 'metrics could not be read');
  try {
    return await openMetricsListener({ registry, port, onError });
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new ConfigError(
      `WARBLE_METRICS_PORT ${port} cannot be used on 127.0.0.1 (${reason}); give another (0: any free one).`,
    );
  }
}

async function listen(api: PublicApi, { host, port }: Config): Promise<{ url: string }> {
  try {
    return await api.listen({ host, port });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE') {
      throw new ConfigError(
        `port ${port} on ${host} is in use; stop what uses it, or give another with --port (0: any free one).`,
      );
    }
    if (code === 'EACCES')
      throw new ConfigError(`port ${port} needs more privileges; choose one above 1023 with --port.`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new ConfigError(
        `--host (WARBLE_HOST) ${host} is not an address of this machine; give one that is, such as 127.0.0.1.`,
      );
    }
    throw error;
  }
}

/**
 * Stops the server and ends the process at SIGTERM, SIGINT or SIGHUP, however often they come. After a signal during
 * the start it stops as soon as it has started.
 */
export function stopOnSignals(serving: Serving | Promise<Serving>, logger: Logger): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      logger.info({ signal }, 'stopping');
      Promise.resolve(serving)
        .then((started) => started.stop())
        .then(
          () => process.exit(0),
          (error: unknown) => {
            // Facts are on the disk already; everything that could not be written can be derived again.
            const isFull = isWarbleError(error, 'storage_full');
            logger.error({ err: error }, isFull ? 'stopped on a full disk' : 'could not stop cleanly');
            process.exit(isFull ? 0 : 1);
          },
        );
    });
  }
}

/** The text that is printed when the server is ready. */
export function welcome(
  { url, metricsUrl }: Pick<Serving, 'url' | 'metricsUrl'>,
  config: Pick<Config, 'data' | 'publicUrl'>,
): string {
  return [
    '',
    `Warble is ready at ${url}  (${availableParallelism()} cores, process ${process.pid})`,
    ...(config.publicUrl === null ? [] : [`  site  ${config.publicUrl}`]),
    `  docs  ${config.publicUrl ?? url}/docs`,
    `  data  ${resolve(config.data)}`,
    ...(metricsUrl === null ? [] : [`  metrics  ${metricsUrl}`]),
    `  try   curl '${url}/api/v1/tweets?limit=3'`,
    '',
  ].join('\n');
}
