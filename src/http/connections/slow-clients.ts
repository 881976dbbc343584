/**
 * Cuts clients that send their requests or read their responses below the minimum rate. Only time in which bytes wait
 * on the client counts; a quiet event stream or a slow disk of the server does not.
 */
import { WarbleError } from '#domain/errors.ts';
import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';
import { refuse } from '../malformed-requests.ts';
import type { Connection, Connections } from './connections.ts';
import { type DataRate, observe } from './data-rate.ts';
import { clientKey, type SendBuffers } from './send-buffers.ts';

export type Slowness = 'sending' | 'taking';
/** Why a connection was cut: its client was slow, its permits were needed, or it was idle and connections ran out. */
export type Cut = Slowness | 'slowest' | 'idle';

export interface SlowClientsDeps {
  clock: Clock;
  connections: Pick<Connections, 'all'>;
  rate: DataRate;
  sendBuffers: SendBuffers;
  onCut(slowness: Slowness): void;
}

const OBSERVE_EVERY_MS = 1_000;
/**
 * How often the kernel's send buffers are read: every second while the server waits for a client, unless that takes
 * more than a fiftieth of the time; otherwise every five seconds.
 */
const ASK_KERNEL_MIN_MS = 1_000;
const ASK_KERNEL_MAX_MS = 5_000;
const ASK_KERNEL_PART = 1 / 50;
/**
 * Less than this in a send buffer, with nothing behind it, is not worth a cut: a heartbeat to a phone in a tunnel,
 * for example.
 */
const MIN_BUFFERED_BYTES = 64 * 1024;
/** How many connections are observed in one turn of the event loop. */
const BATCH = 1_000;

export function createSlowClients(deps: SlowClientsDeps): Worker {
  const { clock, connections, rate, sendBuffers, onCut } = deps;
  /** Connections still to observe in this round, and what the kernel holds for each; null: not asked. */
  let left: Connection[] = [];
  let buffered: ReadonlyMap<string, number> | null = null;
  let askAt_ms = Number.NEGATIVE_INFINITY;
  let asking_ms = 0;
  let someoneWaits = false;

  async function beginRound(now: number): Promise<void> {
    left = [...connections.all()];
    const every_ms = someoneWaits
      ? Math.max(ASK_KERNEL_MIN_MS, asking_ms / ASK_KERNEL_PART)
      : ASK_KERNEL_MAX_MS;
    buffered = null;
    if (now - askAt_ms < Math.min(every_ms, ASK_KERNEL_MAX_MS)) return;
    for (const connection of left)
      connection.written = connection.waiting === 0 ? null : writtenTo(connection);
    buffered = await sendBuffers.read();
    askAt_ms = now;
    asking_ms = clock.monotonic() - now;
    someoneWaits = false;
  }

  function cut(connection: Connection, slowness: Slowness): void {
    const { socket } = connection;
    onCut(slowness);
    if (slowness === 'sending' && connection.waiting === 1 && socket.writableLength === 0) {
      const detail = `Send at least ${rate.bytesPerSecond} bytes a second; send the request again.`;
      refuse(socket, new WarbleError('request_timeout', detail));
    } else socket.resetAndDestroy();
  }

  function observeOne(connection: Connection): void {
    const { socket } = connection;
    if (socket.destroyed) return;
    const now = clock.monotonic();
    someoneWaits ||= socket.writableLength > 0;
    if (buffered !== null) {
      const key = buffered.size === 0 ? '' : clientKey(socket.remoteAddress, socket.remotePort);
      observeTaking(connection, { now, rate, inKernel: buffered.get(key) ?? 0 });
    }
    observeSending(connection, now, rate);
    if ((connection.taking?.credit_ms ?? 0) < 0) cut(connection, 'taking');
    else if ((connection.sending?.credit_ms ?? 0) < 0) cut(connection, 'sending');
  }

  return {
    name: 'slow-clients',
    idle_ms: OBSERVE_EVERY_MS,
    async step() {
      if (left.length === 0) await beginRound(clock.monotonic());
      for (const connection of left.splice(0, BATCH)) observeOne(connection);
      return left.length > 0;
    },
  };
}

function observeSending(connection: Connection, now: number, rate: DataRate): void {
  if (!isReceiving(connection)) {
    connection.sending = null;
    return;
  }
  const sample = { observed_ms: now, moved: connection.socket.bytesRead, owed: Number.POSITIVE_INFINITY };
  connection.sending = observe(connection.sending, sample, rate);
}

/**
 * Bytes that have reached the client. What the kernel has taken says little: it takes megabytes at once, then no more
 * until a third of them has gone.
 */
function observeTaking(
  connection: Connection,
  { now, rate, inKernel }: { now: number; rate: DataRate; inKernel: number },
): void {
  const { writableLength, bytesWritten } = connection.socket;
  // Read before the kernel is asked, or bytes written meanwhile would seem to have reached the client at once.
  const written = connection.written ?? writtenTo(connection);
  if (writableLength === 0 && inKernel < MIN_BUFFERED_BYTES) {
    connection.taking = null;
    return;
  }
  const sample = { observed_ms: now, moved: written - inKernel, owed: bytesWritten };
  connection.taking = observe(connection.taking, sample, rate);
}

/** Bytes that the kernel has taken. */
function writtenTo({ socket }: Connection): number {
  return socket.bytesWritten - socket.writableLength;
}

/** Whether the server waits for the client to send or to read. */
export function waitsOnClient(connection: Connection): boolean {
  const { socket } = connection;
  return !socket.destroyed && (socket.writableLength > 0 || isReceiving(connection));
}

/** Bytes a second that a client sends or reads, whichever is slower; undefined: not measured. */
export function speedOf({ sending, taking }: Connection): number | undefined {
  const speeds = [sending?.speed, taking?.speed].filter((speed) => speed !== undefined);
  return speeds.length === 0 ? undefined : Math.min(...speeds);
}

/** A body is arriving, and the server has not paused reading it. */
function isReceiving({ request, socket }: Connection): boolean {
  if (request === null || request.complete || socket.isPaused()) return false;
  return request.readableLength < request.readableHighWaterMark;
}
