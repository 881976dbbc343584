/** Prometheus metrics of the gateway, in a registry that the whole process shares. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ErrorCode } from '#domain/errors.ts';
import { PERMIT_KINDS, type PermitKind } from './admission/permits.ts';
import type { ConnectionRefusal } from './connections/connections.ts';
import type { Cut } from './connections/slow-clients.ts';

export interface GatewayMetrics {
  /** The rest of the process registers its metrics here too. */
  registry: Registry;
  /**
   * Counts a response. `route`: its pattern, never a path. `duration_s`: from the headers to the end of the response.
   */
  answered(request: { route: string; method: string; status: number; duration_s: number }): void;
  /** Counts a request refused with 429 or 503. */
  shed(code: ErrorCode): void;
  /** Counts a connection that was closed before its first request. */
  connectionRefused(reason: ConnectionRefusal): void;
  /** Counts a connection that was cut. */
  connectionCut(reason: Cut): void;
}

export interface GatewayGauges {
  permits(kind: PermitKind): number;
  connections(): number;
}

const BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Gauges are read when the metrics are. */
export function createGatewayMetrics({ permits, connections }: GatewayGauges): GatewayMetrics {
  const registry = new Registry();
  const registers = [registry];
  const durations = new Histogram({
    name: 'warble_http_request_duration_seconds',
    help: 'Responses by route, method and status, with the time from the headers to the end of the response.',
    labelNames: ['route', 'method', 'status'] as const,
    buckets: BUCKETS_S,
    registers,
  });
  const shed = new Counter({
    name: 'warble_http_shed_total',
    help: 'Requests refused with 429 or 503, by code.',
    labelNames: ['code'] as const,
    registers,
  });
  const refused = new Counter({
    name: 'warble_http_connections_refused_total',
    help: 'Connections refused, because the server or the address has as many as it may.',
    labelNames: ['reason'] as const,
    registers,
  });
  const cut = new Counter({
    name: 'warble_http_connections_cut_total',
    help: 'Connections cut: slow to send or read, slowest when permits ran out, or idle when connections did.',
    labelNames: ['reason'] as const,
    registers,
  });
  new Gauge({
    name: 'warble_http_requests_in_flight',
    help: 'Requests being answered, without event streams.',
    registers,
    collect() {
      this.set(permits('requests') + permits('pictures'));
    },
  });
  new Gauge({
    name: 'warble_http_permits_taken',
    help: 'Permits held by requests, by kind.',
    labelNames: ['kind'] as const,
    registers,
    collect() {
      for (const kind of PERMIT_KINDS) this.set({ kind }, permits(kind));
    },
  });
  new Gauge({
    name: 'warble_http_connections',
    help: 'Open connections.',
    registers,
    collect() {
      this.set(connections());
    },
  });
  return {
    registry,
    answered: ({ duration_s, ...labels }) => durations.observe(labels, duration_s),
    shed: (code) => shed.inc({ code }),
    connectionRefused: (reason) => refused.inc({ reason }),
    connectionCut: (reason) => cut.inc({ reason }),
  };
}

/** Adds how many event streams are open. */
export function registerStreamMetrics(registry: Registry, streams: { count(): number }): void {
  new Gauge({
    name: 'warble_streams',
    help: 'Open event streams.',
    registers: [registry],
    collect() {
      this.set(streams.count());
    },
  });
}
