import { isLoopbackName } from '#http/public-site.ts';
import type { Config } from './config.ts';

/** A warning where other machines reach the server directly; undefined where they do not. */
export function unprotectedWarning({
  host,
  trustedProxies,
}: Pick<Config, 'host' | 'trustedProxies'>): string | undefined {
  if (isLoopbackName(host) || trustedProxies.length > 0) return undefined;
  return (
    `the server listens on ${host} and no proxy is named: passwords and tokens cross the network unencrypted, and ` +
    'browsers keep no session cookie; put a proxy that speaks HTTPS in front and name it in WARBLE_TRUSTED_PROXIES ' +
    '(docs/hosting.md)'
  );
}
