/** From which address a request came, and which addresses count as one client. */
import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Whether a peer's `X-Forwarded-*` headers are trusted. `hop` counts from the socket's peer, which is 0. */
export type TrustProxy = (address: string, hop: number) => boolean;

/** The most entries of X-Forwarded-For that are followed. */
const MAX_HOPS = 16;

/**
 * Trusts the proxies with these addresses or in these CIDR ranges; undefined if there are none. Fastify reads
 * `X-Forwarded-For` from the right and stops at the first address that is not trusted, since that client may have
 * made up everything to its left. Throws if a range is malformed, and names it.
 */
export function createTrustProxy(trustedProxies: readonly string[]): TrustProxy | undefined {
  if (trustedProxies.length === 0) return undefined;
  const trusted = new BlockList();
  for (const range of trustedProxies) addRange(trusted, range);
  return (address, hop) => {
    const plain = plainAddress(address);
    const version = isIP(plain);
    return hop < MAX_HOPS && version !== 0 && trusted.check(plain, version === 6 ? 'ipv6' : 'ipv4');
  };
}

function addRange(list: BlockList, range: string): void {
  const [address, bits] = range.split('/') as [string, string | undefined];
  const version = isIP(address);
  const longest = version === 6 ? 128 : 32;
  const prefix = bits === undefined ? longest : Number(bits);
  // A range of all addresses would let every client name its own.
  if (version === 0 || bits === '' || !Number.isInteger(prefix) || prefix < 1 || prefix > longest) {
    throw new Error(`"${range}" is not an address or a range; write 10.0.0.0/8 or fd00::/8.`);
  }
  list.addSubnet(address, prefix, version === 6 ? 'ipv6' : 'ipv4');
}

/**
 * The client's address: the socket's peer or, behind trusted proxies, the first address that is not a trusted proxy.
 * An entry that is no address ends the chain, and the hop that reported it counts. Empty if the connection is already
 * gone.
 */
export function clientAddressOf({ ips, ip }: Pick<FastifyRequest, 'ip' | 'ips'>): string {
  const hops = (ips ?? [ip]).map(plainAddress);
  return hops.findLast((hop) => isIP(hop) !== 0) ?? '';
}

/** Without a zone, brackets or a port; IPv4-mapped IPv6 as plain IPv4. */
export function plainAddress(address: string | undefined): string {
  const bare = (address ?? '').replace(/^\[|\](:\d+)?$|%.*$/g, '').replace(/^(\d[\d.]*):\d+$/, '$1');
  return /^::ffff:\d/i.test(bare) && bare.includes('.') ? bare.slice(7) : bare;
}

/** What counts as one client: an IPv4 address, or the /64 of an IPv6 one, the least that a customer is given. */
export function countedAddress(address: string): string {
  return address.includes(':') ? ipv6Prefix(address, 64) : address;
}

/** The first `bits` (a multiple of 16) of an IPv6 address, as `2001:db8:0:0::/64`. */
export function ipv6Prefix(address: string, bits: number): string {
  const [head, tail] = address.split('::') as [string, string | undefined];
  const left = groups(head);
  if (tail !== undefined) {
    const right = groups(tail);
    const zeros = Math.max(0, 8 - left.length - right.length - (tail.includes('.') ? 1 : 0));
    left.push(...new Array<string>(zeros).fill('0'), ...right);
  }
  const prefix = left.slice(0, bits / 16).map((group) => Number.parseInt(group, 16).toString(16));
  return `${prefix.join(':')}::/${bits}`;
}

function groups(part: string): string[] {
  return part === '' ? [] : part.split(':');
}
