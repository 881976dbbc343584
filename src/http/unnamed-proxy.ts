/** Warns once if a proxy seems to stand in front of the server but is not configured. */
import type { FastifyRequest } from 'fastify';
import type { TrustProxy } from './limits/addresses.ts';
import { plainAddress } from './limits/addresses.ts';
import { type LogAddresses, loggedAddress } from './log-address.ts';

export interface UnnamedProxyDeps {
  trustProxy: TrustProxy | undefined;
  logAddresses: LogAddresses;
  logger: { warn(fields: object, message: string): void } | undefined;
}

/** Checks each request until one with X-Forwarded-For comes from a peer that is not trusted; then warns. */
export function createUnnamedProxyWarning(deps: UnnamedProxyDeps): (request: FastifyRequest) => void {
  const { trustProxy, logAddresses, logger } = deps;
  let warned = logger === undefined;
  return ({ headers, socket }) => {
    if (warned || headers['x-forwarded-for'] === undefined) return;
    const { remoteAddress } = socket;
    if (remoteAddress === undefined || trustProxy?.(remoteAddress, 0)) return;
    warned = true;
    logger?.warn(
      { peer: loggedAddress(plainAddress(remoteAddress), logAddresses) },
      'requests come with X-Forwarded-For from an address that is not trusted, so everybody behind it shares one ' +
        'limit; if it is your proxy, name it in WARBLE_TRUSTED_PROXIES',
    );
  };
}
