import type { ServerBounds } from '#http/bounds.ts';
import type { ConcurrencyLimits } from '#http/limits/limits.ts';
import { ConfigError } from './config-error.ts';

/** Bounds of the HTTP server, and of what one client may use of it, where they differ from the defaults. */
export interface Bounds {
  server: Partial<Pick<ServerBounds, 'connections' | 'requestsInFlight' | 'picturesInFlight'>> & {
    minRate?: Partial<ServerBounds['minRate']>;
  };
  maxConcurrent: Partial<ConcurrencyLimits>;
}

const NAMES: Record<string, (bounds: Bounds, value: number) => void> = {
  connections: ({ server }, value) => {
    server.connections = value;
  },
  requests: ({ server }, value) => {
    server.requestsInFlight = value;
  },
  pictures: ({ server }, value) => {
    server.picturesInFlight = value;
  },
  bytesPerSecond: ({ server }, value) => {
    server.minRate = { ...server.minRate, bytesPerSecond: value };
  },
  graceSeconds: ({ server }, value) => {
    server.minRate = { ...server.minRate, grace_ms: value * 1_000 };
  },
  connectionsPerAddress: ({ maxConcurrent }, value) => {
    maxConcurrent.connections = value;
  },
  requestsPerAddress: ({ maxConcurrent }, value) => {
    maxConcurrent.address = value;
  },
  requestsWithoutToken: ({ maxConcurrent }, value) => {
    maxConcurrent.withoutToken = value;
  },
  requestsPerPerson: ({ maxConcurrent }, value) => {
    maxConcurrent.user = value;
  },
  picturesPerAddress: ({ maxConcurrent }, value) => {
    maxConcurrent.pictures = value;
  },
  passwordsPerAddress: ({ maxConcurrent }, value) => {
    maxConcurrent.passwords = value;
  },
};
const BOUND = /^(\w+)=(\d{1,9})$/;

/** Parses `connections=5000,connectionsPerAddress=64`. Throws ConfigError. */
export function boundsOf(text: string | undefined): Bounds {
  const bounds: Bounds = { server: {}, maxConcurrent: {} };
  for (const part of (text ?? '').split(',').map((item) => item.trim())) {
    if (part === '') continue;
    const [, name = '', value] = BOUND.exec(part) ?? [];
    const set = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
    if (set === undefined || Number(value) < 1) {
      throw new ConfigError(
        `WARBLE_BOUNDS has "${part}"; give NAME=NUMBER, such as connections=5000, where NAME is one of ${Object.keys(NAMES).join(', ')}.`,
      );
    }
    set(bounds, Number(value));
  }
  return bounds;
}
