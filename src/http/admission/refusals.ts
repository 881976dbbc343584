/**
 * Counts what was refused or cut to protect other requests: for the metrics, for one log line a minute, and for
 * /health/ready.
 */
import type { ErrorCode } from '#domain/errors.ts';
import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';
import type { ConnectionRefusal } from '../connections/connections.ts';
import type { Cut } from '../connections/slow-clients.ts';
import type { GatewayMetrics } from '../metrics.ts';

export interface RefusalsDeps {
  clock: Clock;
  metrics: Pick<GatewayMetrics, 'shed' | 'connectionRefused' | 'connectionCut'>;
  /** undefined: nothing is logged. */
  logger: { warn(fields: object, message: string): void } | undefined;
}

export interface Refusals {
  /** A request was answered 429 or 503, with this detail. */
  request(code: ErrorCode, detail: string): void;
  connection(reason: ConnectionRefusal): void;
  cut(reason: Cut): void;
  /** Why the server has refused requests in the last 10 s; null: it has not. */
  shedding(): string | null;
  worker: Worker;
}

const LOG_EVERY_MS = 60_000;
const SHEDDING_MS = 10_000;

export function createRefusals({ clock, metrics, logger }: RefusalsDeps): Refusals {
  /** Since the last log line. */
  let counts: Record<string, number> = {};
  let logged_ms = Number.NEGATIVE_INFINITY;
  let shed: { reason: string; at_ms: number } | null = null;

  function count(what: string): void {
    counts[what] = (counts[what] ?? 0) + 1;
  }
  function shedBecause(reason: string): void {
    shed = { reason, at_ms: clock.monotonic() };
  }

  return {
    request(code, detail) {
      metrics.shed(code);
      count(code);
      if (code === 'overloaded') shedBecause(detail);
    },
    connection(reason) {
      metrics.connectionRefused(reason);
      count(reason);
      if (reason === 'connections') shedBecause('All connections are taken.');
    },
    cut(reason) {
      metrics.connectionCut(reason);
      count(`cut_${reason}`);
      if (reason === 'slowest') shedBecause('All permits are taken; the slowest clients are cut.');
      if (reason === 'idle') shedBecause('Connections are nearly all taken; idle ones are closed.');
    },
    shedding: () => (shed !== null && clock.monotonic() - shed.at_ms < SHEDDING_MS ? shed.reason : null),
    worker: {
      name: 'refusals',
      idle_ms: 1_000,
      async step() {
        const now = clock.monotonic();
        if (now - logged_ms < LOG_EVERY_MS || Object.keys(counts).length === 0) return false;
        logger?.warn({ counts }, 'refused or cut to protect the rest');
        counts = {};
        logged_ms = now;
        return false;
      },
    },
  };
}
