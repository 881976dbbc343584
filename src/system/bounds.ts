import type { AtOnce } from '#http/limits/limits.ts';
import type { ServerBounds } from '#http/server.ts';
import { ConfigError } from './config-error.ts';

/** Bounds of the HTTP server and of what one client may hold of it, where they are not the usual ones. */
export interface Bounds {
  server: Partial<Pick<ServerBounds, 'connections' | 'requestsInFlight' | 'picturesInFlight'>> & {
    minRate?: Partial<ServerBounds['minRate']>;
  };
  atOnce: Partial<AtOnce>;
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
  connectionsPerAddress: ({ atOnce }, value) => {
    atOnce.connections = value;
  },
  requestsPerAddress: ({ atOnce }, value) => {
    atOnce.address = value;
  },
  requestsWithoutToken: ({ atOnce }, value) => {
    atOnce.withoutToken = value;
  },
  requestsPerPerson: ({ atOnce }, value) => {
    atOnce.user = value;
  },
  picturesPerAddress: ({ atOnce }, value) => {
    atOnce.pictures = value;
  },
  passwordsPerAddress: ({ atOnce }, value) => {
    atOnce.passwords = value;
  },
};
const BOUND = /^(\w+)=(\d{1,9})$/;

/** `connections=5000,connectionsPerAddress=64`. Throws ConfigError. */
export function boundsOf(text: string | undefined): Bounds {
  const bounds: Bounds = { server: {}, atOnce: {} };
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
