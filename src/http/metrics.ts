/** Prometheus metrics of the gateway, in a registry to which the rest of the process adds its own. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ErrorCode } from '#domain/errors.ts';
import { PERMIT_KINDS, type PermitKind } from './admission/permits.ts';
import type { Cut } from './admission/refusals.ts';
import type { ConnectionRefusal } from './connections/connections.ts';

export interface GatewayMetrics {
  /** Others register theirs here too. */
  registry: Registry;
  /** One response. `route`: its pattern, never a path; `duration_s` from headers read to response flushed. */
  answered(request: { route: string; method: string; status: number; duration_s: number }): void;
  /** A request that was refused to protect the rest, with 429 or 503. */
  shed(code: ErrorCode): void;
  /** A connection that was closed before its first request. */
  connectionRefused(reason: ConnectionRefusal): void;
  /** A connection that was cut. */
  connectionCut(reason: Cut): void;
}

export interface GatewayGauges {
  permits(kind: PermitKind): number;
  connections(): number;
}

const BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The gauges are asked when the metrics are read. */
export function createGatewayMetrics({ permits, connections }: GatewayGauges): GatewayMetrics {
  const registry = new Registry();
  const registers = [registry];
  const durations = new Histogram({
    name: 'warble_http_request_duration_seconds',
    help: 'Answers by route, method and status, with the time from the headers to the end of the response.',
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
    help: 'Connections refused, because all are taken or all of their address.',
    labelNames: ['reason'] as const,
    registers,
  });
  const cut = new Counter({
    name: 'warble_http_connections_cut_total',
    help: 'Connections cut: slow in sending or taking, slowest when permits ran out, or idle when connections did.',
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
    help: 'Requests that hold a permit, by the kind of permit.',
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
