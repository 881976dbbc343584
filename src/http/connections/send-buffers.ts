/**
 * Reads how much lies in the kernel's send buffers: Node counts it as written, but the client has not read it. A
 * kernel holds up to some megabytes per connection, so whole responses fit.
 */
import { createReadStream } from 'node:fs';
import { SocketAddress } from 'node:net';

export interface SendBuffers {
  /** Bytes in the buffer of each connection of the server that has any, by `clientKey`. */
  read(): Promise<ReadonlyMap<string, number>>;
}

export function clientKey(address: string | undefined, port: number | undefined): string {
  return `${address} ${port}`;
}

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'] as const;
const ESTABLISHED = '01';

/**
 * Reads Linux's tables of connections, in chunks small enough for the event loop. On other systems nothing is known.
 * `port` is the server's own; null while it does not listen.
 */
export function createProcSendBuffers({ port }: { port: () => number | null }): SendBuffers {
  return {
    async read() {
      const found = new Map<string, number>();
      const own = port();
      if (own === null) return found;
      for (const table of TABLES) {
        try {
          await readTable({ table, port: own, found });
        } catch (error) {
          // Not Linux, a machine without IPv6, or a container that hides the tables.
          const { code } = error as NodeJS.ErrnoException;
          if (code !== 'ENOENT' && code !== 'EACCES') throw error;
        }
      }
      return found;
    },
  };
}

interface Reading {
  table: string;
  port: number;
  found: Map<string, number>;
}

async function readTable({ table, port, found }: Reading): Promise<void> {
  let rest = '';
  for await (const chunk of createReadStream(table, 'latin1')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const entry = entryOf(line);
      if (entry.port === port && entry.queued > 0) found.set(entry.client(), entry.queued);
    }
  }
}

/** `sl local_address rem_address st tx_queue:rx_queue ...`, numbers in hexadecimal. */
function entryOf(line: string): { port: number; queued: number; client: () => string } {
  const [, local = '', remote = '', state, queues = ''] = line.trimStart().split(/ +/, 5);
  const queued = state === ESTABLISHED ? Number.parseInt(queues, 16) : 0;
  return { port: portOf(local), queued, client: () => clientKey(addressOf(remote), portOf(remote)) };
}

function portOf(endpoint: string): number {
  return Number.parseInt(endpoint.slice(endpoint.indexOf(':') + 1), 16);
}

/** The address of an endpoint, as Node writes it. Each four-byte word is in the machine's order, little-endian. */
function addressOf(endpoint: string): string {
  const words = endpoint.slice(0, endpoint.indexOf(':')).match(/.{8}/g)!;
  const bytes = words.flatMap((word) => [...Buffer.from(word, 'hex')].reverse());
  if (bytes.length === 4) return bytes.join('.');
  const groups = Buffer.from(bytes).toString('hex').match(/.{4}/g)!;
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}
