/**
 * Cuts clients that send their requests or take their responses more slowly than the least rate. Only time in which
 * bytes wait on the client counts: neither a quiet event stream nor a slow disk of ours.
 */
import { WarbleError } from '#domain/errors.ts';
import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';
import { refuse } from '../malformed-requests.ts';
import type { Connection, Connections } from './connections.ts';
import { type DataRate, observe } from './data-rate.ts';
import { clientKey, type SendBuffers } from './send-buffers.ts';

export type Slowness = 'sending' | 'taking';

export interface SlowClientsDeps {
  clock: Clock;
  connections: Pick<Connections, 'all'>;
  rate: DataRate;
  sendBuffers: SendBuffers;
  onCut(slowness: Slowness): void;
}

const OBSERVE_EVERY_MS = 1_000;
/**
 * How often the kernel is asked what lies in its send buffers: each second where somebody is waited for, unless that
 * takes more than a fiftieth of the time, and each five seconds else.
 */
const ASK_KERNEL_MIN_MS = 1_000;
const ASK_KERNEL_MAX_MS = 5_000;
const ASK_KERNEL_PART = 1 / 50;
/**
 * Less than this in the kernel's send buffer, with nothing behind it, costs nothing that is worth a cut: a heartbeat to
 * somebody in a tunnel, say.
 */
const MIN_BUFFERED_BYTES = 64 * 1024;
/** Connections that are observed in one turn of the event loop. */
const BATCH = 1_000;

export function createSlowClients(deps: SlowClientsDeps): Worker {
  const { clock, connections, rate, sendBuffers, onCut } = deps;
  /** Connections that this round has not come to yet, and what the kernel holds of each; null: not asked. */
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
 * What has reached the client. What the kernel takes alone tells little: it takes megabytes at once, and then no more
 * until a third of them has gone.
 */
function observeTaking(
  connection: Connection,
  { now, rate, inKernel }: { now: number; rate: DataRate; inKernel: number },
): void {
  const { writableLength, bytesWritten } = connection.socket;
  // Before the kernel was asked: what was written meanwhile would seem to have reached the client at once.
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

/** Whether the server waits for the client to send or to take something. */
export function waitsOnClient(connection: Connection): boolean {
  const { socket } = connection;
  return !socket.destroyed && (socket.writableLength > 0 || isReceiving(connection));
}

/** Bytes a second that a client sends or takes, the slower of the two; undefined: not measured. */
export function speedOf({ sending, taking }: Connection): number | undefined {
  const speeds = [sending?.speed, taking?.speed].filter((speed) => speed !== undefined);
  return speeds.length === 0 ? undefined : Math.min(...speeds);
}

/** A body is coming, and the server takes it: it has not stopped reading until somebody uses what came. */
function isReceiving({ request, socket }: Connection): boolean {
  if (request === null || request.complete || socket.isPaused()) return false;
  return request.readableLength < request.readableHighWaterMark;
}
