/** The open connections: what waits on each, how many each address has, and which are idle. */
import type { IncomingMessage } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { Clock } from '#platform/clock.ts';
import { createAddressCounters } from '../limits/networks.ts';
import type { Transfer } from './data-rate.ts';

export interface Connection {
  readonly socket: Socket;
  /** The address it counts for; null: a trusted proxy's connection. */
  readonly address: string | null;
  /** Requests whose responses have not left yet. */
  waiting: number;
  /** The newest request; its body may still be coming, also after its response. */
  request: IncomingMessage | null;
  /** Since when nothing waits on it (monotonic ms). */
  idleSince: number;
  /** How many requests have come on it. */
  entered: number;
  /** The last of them that is answered: then it closes, and what came behind is dropped. Infinity: it goes on. */
  endsWith: number;
  /** The body that the client sends, and the response that it reads; null: the server does not wait for it. */
  sending: Transfer | null;
  taking: Transfer | null;
  /** Bytes that the kernel had taken when last asked; null: no response was under way. */
  written: number | null;
}

export type ConnectionRefusal = 'connections' | 'connections_of_address';

export interface ConnectionsDeps {
  clock: Clock;
  /** The most open connections. From nine tenths of it on, each new one closes the one idle for longest. */
  max: number;
  /** For one IPv4 address or IPv6 /64; four times as many for a /48. */
  maxPerAddress: number;
  /** The address that a connection counts for; null: a trusted proxy's, which has no bound of its own. */
  countedFor(socketAddress: string): string | null;
  onRefused(reason: ConnectionRefusal): void;
  /** An idle connection was closed to make room. */
  onMadeRoom(): void;
}

export interface Connections {
  /** Watches a server's connections. To be called once, before it listens. */
  watch(server: Server): void;
  of(socket: Socket): Connection;
  all(): Iterable<Connection>;
  count(): number;
}

/** From this part of the bound on, idle connections are closed. */
const CROWDED = 0.9;
/** The search for idle connections runs at most this often. */
const LOOK_EVERY_MS = 100;

export function createConnections(deps: ConnectionsDeps): Connections {
  const { clock, max, maxPerAddress, countedFor, onRefused, onMadeRoom } = deps;
  const open = new Map<Socket, Connection>();
  const ofAddress = createAddressCounters();
  /** Idle connections as last found; the one idle for longest is last. */
  let idle: { connection: Connection; since: number }[] = [];
  let looked = Number.NEGATIVE_INFINITY;

  function findIdle(now: number): void {
    if (now - looked < LOOK_EVERY_MS) return;
    looked = now;
    idle = [...open.values()]
      .filter(({ waiting, address }) => waiting === 0 && address !== null)
      .map((connection) => ({ connection, since: connection.idleSince }))
      .sort((a, b) => b.since - a.since);
  }

  /** Closes the connection that has been idle for longest. */
  function closeIdle(): void {
    if (idle.length === 0) findIdle(clock.monotonic());
    for (let found = idle.pop(); found !== undefined; found = idle.pop()) {
      const { connection, since } = found;
      if (connection.waiting > 0 || connection.idleSince !== since || connection.socket.destroyed) continue;
      connection.socket.destroy();
      onMadeRoom();
      return;
    }
  }

  /** Counts a new connection, or refuses it: false. */
  function enter(socket: Socket): boolean {
    const address = countedFor(socket.remoteAddress ?? '');
    if (address !== null) {
      if (!ofAddress.hasRoom(address, maxPerAddress)) {
        onRefused('connections_of_address');
        socket.destroy();
        return false;
      }
      ofAddress.take(address);
    }
    const connection = connectionOf(socket, address, clock.monotonic());
    open.set(socket, connection);
    socket.once('close', () => {
      open.delete(socket);
      if (address !== null) ofAddress.free(address);
    });
    if (open.size > max * CROWDED) closeIdle();
    return true;
  }

  return {
    watch(server) {
      server.maxConnections = max;
      // The listeners of an HTTP server prepare a parser, which a refused connection does not need: 3,300 refusals a
      // second took 13% of the loop with one, and 11% without.
      const serve = server.listeners('connection');
      server.removeAllListeners('connection');
      server.on('connection', (socket: Socket) => {
        if (enter(socket)) for (const listener of serve) listener.call(server, socket);
      });
      server.on('drop', () => onRefused('connections'));
    },
    // A connection that was refused or has closed may have sent requests before.
    of: (socket) => open.get(socket) ?? connectionOf(socket, null, clock.monotonic()),
    all: () => open.values(),
    count: () => open.size,
  };
}

function connectionOf(socket: Socket, address: string | null, now: number): Connection {
  return {
    socket,
    address,
    waiting: 0,
    request: null,
    idleSince: now,
    entered: 0,
    endsWith: Number.POSITIVE_INFINITY,
    sending: null,
    taking: null,
    written: null,
  };
}
