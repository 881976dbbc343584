/** From which address a request came, and which addresses count as one client. */
import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Whether the `X-Forwarded-*` headers of a peer are believed; `hop` counts from the socket's peer, which is 0. */
export type TrustProxy = (address: string, hop: number) => boolean;

/** Entries of X-Forwarded-For that are followed at most. */
const MAX_HOPS = 16;

/**
 * Trusts the proxies with these addresses or in these CIDR ranges; undefined where there are none. Fastify reads
 * `X-Forwarded-For` from the right and stops at the first address that is not trusted, since everything left of it may
 * be that stranger's invention. Throws where a range is not one, naming it.
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
  // A range of everybody would let every client name its own address.
  if (version === 0 || bits === '' || !Number.isInteger(prefix) || prefix < 1 || prefix > longest) {
    throw new Error(`"${range}" is not an address or a range; write 10.0.0.0/8 or fd00::/8.`);
  }
  list.addSubnet(address, prefix, version === 6 ? 'ipv6' : 'ipv4');
}

/**
 * The client's address: the socket's peer or, behind trusted proxies, the first that is not one of them. What is not
 * an address ends the chain, and the hop that reported it counts. Empty where the connection is gone already.
 */
export function clientAddressOf({ ips, ip }: Pick<FastifyRequest, 'ip' | 'ips'>): string {
  const hops = (ips ?? [ip]).map(plainAddress);
  return hops.findLast((hop) => isIP(hop) !== 0) ?? '';
}

/** IPv4 as it is, also where it is written as IPv6; without a zone, brackets or a port. */
export function plainAddress(address: string | undefined): string {
  const bare = (address ?? '').replace(/^\[|\](:\d+)?$|%.*$/g, '').replace(/^(\d[\d.]*):\d+$/, '$1');
  return /^::ffff:\d/i.test(bare) && bare.includes('.') ? bare.slice(7) : bare;
}

/** What counts as one client: an IPv4 address, or the /64 of an IPv6 one, since a customer has that at least. */
export function countedAddress(address: string): string {
  return address.includes(':') ? ipv6Prefix(address, 64) : address;
}

/** The first `bits` of an IPv6 address, a multiple of 16, as `2001:db8:0:0::/64`. */
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
