import type { DataRate } from './connections/data-rate.ts';

/** Bounds of the HTTP server. */
export interface ServerBounds {
  connections: number;
  requestsInFlight: number;
  picturesInFlight: number;
  /** Requests of one connection that wait for their responses. One more cuts the connection. */
  pipelined: number;
  /** Bytes of a request's line and headers. */
  headers_bytes: number;
  /** Until the headers have come. */
  headers_ms: number;
  /** In either direction, while bytes wait on the client. */
  minRate: DataRate;
  /** Until an idle connection is closed. */
  keepAlive_ms: number;
}

export const DEFAULT_BOUNDS: ServerBounds = {
  connections: 20_000,
  requestsInFlight: 2_000,
  picturesInFlight: 500,
  pipelined: 100,
  headers_bytes: 16 * 1024,
  headers_ms: 10_000,
  minRate: { bytesPerSecond: 8 * 1024, grace_ms: 10_000 },
  keepAlive_ms: 65_000,
};
