/** How much of a client's address is logged: a setting, since an address can identify a person. */
import { ipv6Prefix } from './limits/addresses.ts';
import { isLoopbackName } from './public-site.ts';

export const LOG_ADDRESSES = ['full', 'shortened', 'none'] as const;
/** `shortened`: the /24 of an IPv4 address, the /48 of an IPv6 one. */
export type LogAddresses = (typeof LOG_ADDRESSES)[number];

/** An address as the log shows it; undefined: not at all. Loopback addresses identify nobody and stay whole. */
export function loggedAddress(address: string, detail: LogAddresses): string | undefined {
  if (detail === 'none' || address === '') return undefined;
  if (detail === 'full' || isLoopbackName(address)) return address;
  if (address.includes(':')) return ipv6Prefix(address, 48);
  return `${address.slice(0, address.lastIndexOf('.'))}.0/24`;
}
