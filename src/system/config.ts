/**
 * The configuration: command-line options override environment variables, which override defaults. The only file that
 * reads the environment. An error names the setting and the remedy in one line.
 */
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { createTrustProxy } from '#http/limits/addresses.ts';
import type { Policy } from '#http/limits/limits.ts';
import type { Quota } from '#http/limits/quota.ts';
import { LOG_ADDRESSES, type LogAddresses } from '#http/log-address.ts';
import { isLoopbackName } from '#http/public-site.ts';
import { type Bounds, boundsOf } from './bounds.ts';
import { ConfigError } from './config-error.ts';
import { quotasOf } from './quotas.ts';
import { unknownSetting } from './settings.ts';

export interface Config {
  host: string;
  /** 0 picks a free one. */
  port: number;
  /** The directory that holds everything. */
  data: string;
  rateLimits: 'on' | 'off';
  /** Request limits that differ from the defaults. */
  quotas: Partial<Record<Policy, Quota>>;
  /** Bounds of the server that differ from the defaults. */
  bounds: Bounds;
  /** Addresses or CIDR blocks whose X-Forwarded-* headers count. */
  trustedProxies: string[];
  /** The origin under which users reach the server, as https://warble.example; null: each request's Host says. */
  publicUrl: string | null;
  /** The bearer token for reading /metrics from anywhere; null: nobody may. */
  metricsToken: string | null;
  /** Port of a listener on loopback that serves /metrics without a token; 0 picks a free one; null: none. */
  metricsPort: number | null;
  /** Megapixels of pictures that are decoded at once. */
  pictureMegapixels: number;
  /** MiB that uploads under way may take on the disk. */
  uploadsMiB: number;
  logLevel: LogLevel;
  /** How much of clients' addresses is logged. */
  logAddresses: LogAddresses;
  region: string;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface ConfigSource {
  /** The arguments after the command. */
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  /** The data directory where neither an option nor the environment gives one. */
  defaultData: string;
  /** Options of the command besides the common ones. */
  extra?: Record<string, { type: 'string' | 'boolean' }>;
}

const COMMON = { port: { type: 'string' }, host: { type: 'string' }, data: { type: 'string' } } as const;

export interface Settings {
  config: Config;
  /** Values of the `extra` options that were given. */
  options: Record<string, string | boolean | undefined>;
}

/** Reads and checks every setting. Throws ConfigError. */
export function readSettings({ argv, env, defaultData, extra = {} }: ConfigSource): Settings {
  const unknown = unknownSetting(env);
  if (unknown !== undefined) throw new ConfigError(unknown);
  const options = parseOptions(argv, { ...COMMON, ...extra });
  const given = (option: string, variable: string) =>
    (options[option] as string | undefined) ?? env[variable];
  const host = given('host', 'WARBLE_HOST') ?? '127.0.0.1';
  const config: Config = {
    host,
    port: portOf('--port (WARBLE_PORT)', given('port', 'WARBLE_PORT') ?? '3000'),
    data: given('data', 'WARBLE_DATA') ?? defaultData,
    rateLimits: rateLimitsOf(env.WARBLE_RATE_LIMITS ?? 'on'),
    quotas: quotasOf(env.WARBLE_QUOTAS),
    bounds: boundsOf(env.WARBLE_BOUNDS),
    trustedProxies: trustedProxiesOf(env.WARBLE_TRUSTED_PROXIES),
    publicUrl: publicUrlOf(env.WARBLE_PUBLIC_URL),
    metricsToken: metricsTokenOf(env.WARBLE_METRICS_TOKEN),
    metricsPort: metricsPortOf(env.WARBLE_METRICS_PORT),
    pictureMegapixels: numberOf('WARBLE_PICTURE_MEGAPIXELS', env.WARBLE_PICTURE_MEGAPIXELS ?? '100', 1),
    // The largest picture fits in half of it.
    uploadsMiB: numberOf('WARBLE_UPLOADS_MIB', env.WARBLE_UPLOADS_MIB ?? '1024', 16),
    logLevel: logLevelOf(env.WARBLE_LOG_LEVEL ?? 'info'),
    logAddresses: logAddressesOf(env.WARBLE_LOG_ADDRESSES ?? 'shortened'),
    region: env.WARBLE_REGION ?? 'local',
  };
  // With an empty host Node would listen on every address of the machine.
  if (host === '')
    throw new ConfigError(
      '--host (WARBLE_HOST) is empty; give an address of this machine, such as 127.0.0.1.',
    );
  refuseUnlimited(config);
  if (config.data === '') throw new ConfigError('--data (WARBLE_DATA) is empty; give a directory.');
  return { config, options };
}

/** The login name of the user who runs the command, for the audit log; with sudo, of the user who called it. */
export function operatorOf(env: ConfigSource['env']): string {
  return env.SUDO_USER ?? userInfo().username;
}

function parseOptions(
  argv: readonly string[],
  known: Record<string, { type: 'string' | 'boolean' }>,
): Record<string, string | boolean | undefined> {
  try {
    return parseArgs({ args: [...argv], options: known, strict: true, allowPositionals: false })
      .values as Record<string, string | boolean | undefined>;
  } catch (error) {
    const names = Object.entries(known).map(([name, { type }]) =>
      type === 'string' ? `--${name} VALUE` : `--${name}`,
    );
    const reason = (error as Error).message.split('.')[0];
    throw new ConfigError(`${reason}. Known options: ${names.join(', ')}.`);
  }
}

function portOf(setting: string, text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new ConfigError(`${setting} is "${text}"; give a number from 0 (any free port) to 65535.`);
  }
  return port;
}

function numberOf(setting: string, text: string, min: number): number {
  const number = Number(text);
  if (!/^\d{1,6}$/.test(text) || number < min) {
    throw new ConfigError(`${setting} is "${text}"; give a number from ${min} to 999999.`);
  }
  return number;
}

function metricsPortOf(text: string | undefined): number | null {
  return text === undefined || text === '' ? null : portOf('WARBLE_METRICS_PORT', text);
}

/** An origin only: the server cannot be mounted below a path. */
function publicUrlOf(text: string | undefined): string | null {
  if (text === undefined || text === '') return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) {
    throw new ConfigError(
      `WARBLE_PUBLIC_URL is "${text}"; give an address without a path, as https://warble.example.`,
    );
  }
  if (url.protocol === 'http:' && !isLoopbackName(url.hostname)) {
    throw new ConfigError(
      `WARBLE_PUBLIC_URL is "${text}"; browsers need https:// there, as cookies are sent over HTTPS alone.`,
    );
  }
  return url.origin;
}

function rateLimitsOf(text: string): 'on' | 'off' {
  if (text === 'on' || text === 'off') return text;
  throw new ConfigError(`WARBLE_RATE_LIMITS is "${text}"; it takes on or off.`);
}

/** Limits can be turned off only while nothing but this machine reaches the server, not even through a proxy. */
function refuseUnlimited({ rateLimits, host, trustedProxies, publicUrl }: Config): void {
  if (rateLimits === 'on') return;
  if (!isLoopbackName(host)) {
    throw new ConfigError(
      `WARBLE_RATE_LIMITS=off is refused while the server binds ${host}; bind 127.0.0.1 or set it to on.`,
    );
  }
  if (trustedProxies.length === 0 && publicUrl === null) return;
  const named = publicUrl === null ? 'WARBLE_TRUSTED_PROXIES' : 'WARBLE_PUBLIC_URL';
  throw new ConfigError(`WARBLE_RATE_LIMITS=off is refused while ${named} is set; unset one of the two.`);
}

function trustedProxiesOf(text: string | undefined): string[] {
  const proxies = (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  try {
    createTrustProxy(proxies);
  } catch (error) {
    throw new ConfigError(`WARBLE_TRUSTED_PROXIES: ${(error as Error).message}`);
  }
  return proxies;
}

const SHORTEST_TOKEN = 16;

function metricsTokenOf(text: string | undefined): string | null {
  if (text === undefined || text === '') return null;
  if (text.length < SHORTEST_TOKEN) {
    throw new ConfigError(`WARBLE_METRICS_TOKEN is too short; give at least ${SHORTEST_TOKEN} characters.`);
  }
  return text;
}

function logLevelOf(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) {
    throw new ConfigError(`WARBLE_LOG_LEVEL is "${text}"; it takes one of ${LOG_LEVELS.join(', ')}.`);
  }
  return level;
}

function logAddressesOf(text: string): LogAddresses {
  const detail = LOG_ADDRESSES.find((known) => known === text);
  if (detail === undefined) {
    throw new ConfigError(`WARBLE_LOG_ADDRESSES is "${text}"; it takes one of ${LOG_ADDRESSES.join(', ')}.`);
  }
  return detail;
}
