import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Hops of X-Forwarded-For that are followed at most. */
const MOST_HOPS = 16;

/**
 * How to tell the address that a request counts for. `trustedProxies`: addresses and CIDR ranges whose
 * `X-Forwarded-For` is believed; it is read from the right, as far as each hop is trusted, since everything left
 * of the first stranger may be that stranger's invention. Throws where a range is none, naming it.
 */
export function createAddressOf(
  trustedProxies: readonly string[],
): (socketAddress: string | undefined, headers: IncomingHttpHeaders) => string {
  const trusted = blockListOf(trustedProxies);
  return (socketAddress, headers) => {
    let address = plain(socketAddress ?? '');
    if (trusted === undefined) return key(address);
    const forwarded = headers['x-forwarded-for'];
    if (forwarded === undefined) return key(address);
    const hops = String(forwarded).split(',').slice(-MOST_HOPS);
    while (hops.length > 0 && isTrusted(trusted, address)) {
      const next = plain(hops.pop()!.trim());
      if (isIP(next) === 0) break;
      address = next;
    }
    return key(address);
  };
}

function blockListOf(ranges: readonly string[]): BlockList | undefined {
  if (ranges.length === 0) return undefined;
  const list = new BlockList();
  for (const range of ranges) {
    const [address, bits] = range.split('/') as [string, string | undefined];
    const version = isIP(address);
    const most = version === 6 ? 128 : 32;
    const prefix = bits === undefined ? most : Number(bits);
    if (version === 0 || bits === '' || !Number.isInteger(prefix) || prefix < 0 || prefix > most) {
      throw new Error(`"${range}" is no address or range; write 10.0.0.0/8 or fd00::/8.`);
    }
    list.addSubnet(address, prefix, version === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

function isTrusted(list: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

/** IPv4 as it is, also where it comes dressed as IPv6; no zone, no brackets. */
function plain(address: string): string {
  const bare = address.replace(/^\[|\](:\d+)?$|%.*$/g, '');
  return /^::ffff:\d/i.test(bare) && bare.includes('.') ? bare.slice(7) : bare;
}

/** An IPv6 customer has a /64 at least, so that is what counts as one. */
function key(address: string): string {
  if (!address.includes(':')) return address;
  const [head, tail] = address.split('::') as [string, string | undefined];
  const left = groups(head);
  if (tail !== undefined) {
    const right = groups(tail);
    const zeros = Math.max(0, 8 - left.length - right.length - (tail.includes('.') ? 1 : 0));
    left.push(...new Array<string>(zeros).fill('0'), ...right);
  }
  return `${left
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

function groups(part: string): string[] {
  return part === '' ? [] : part.split(':');
}
