/** Metrics of the services and the process, besides the gateway's. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client';
import type { System } from './system.ts';

export interface Measurements {
  /** Reports that an activity has reached the last follower's home, `delay_ms` after it was made. */
  delivered(delay_ms: number): void;
  delay: Histogram;
}

const DELAYS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];

/** Created before the system, which reports to it. */
export function createMeasurements(): Measurements {
  const delay = new Histogram({
    name: 'warble_delivery_delay_seconds',
    help: 'From a tweet or repost to the home of its last follower.',
    buckets: DELAYS_S,
    registers: [],
  });
  return { delay, delivered: (delay_ms) => delay.observe(Math.max(0, delay_ms) / 1_000) };
}

/** Adds the system's metrics to the gateway's; all but the delays are computed when they are read. */
export function registerSystemMetrics(registry: Registry, system: System, { delay }: Measurements): void {
  const registers = [registry];
  registry.registerMetric(delay);
  new Gauge({
    name: 'warble_view_lag_records',
    help: 'Records of the log that a view has not folded yet.',
    labelNames: ['view'] as const,
    registers,
    async collect() {
      for (const [view, runner] of Object.entries(system.views)) {
        this.set({ view }, (await runner.status()).lag);
      }
    },
  });
  new Gauge({
    name: 'warble_fanout_waiting',
    help: 'Records of the log that fan-out has read and not delivered to their last reader.',
    registers,
    collect() {
      this.set(system.fanout.waiting());
    },
  });
  new Gauge({
    name: 'warble_clock_ahead_seconds',
    help: "By how much the server's time is ahead of the machine's clock; negative: behind.",
    registers,
    collect() {
      this.set(system.clock.ahead() / 1_000);
    },
  });
  new Counter({
    name: 'warble_cache_lookups_total',
    help: 'Look-ups in a cache, by whether they were answered from it.',
    labelNames: ['cache', 'result'] as const,
    registers,
    collect() {
      this.reset();
      for (const [cache, { hits, misses }] of Object.entries(system.cacheStats())) {
        this.inc({ cache, result: 'hit' }, hits);
        this.inc({ cache, result: 'miss' }, misses);
      }
    },
  });
}

/**
 * Adds metrics of the process: CPU, memory and heap, garbage collection, event loop delay, handles and file
 * descriptors. To be called once per process, since it observes the event loop and the collector from then on.
 */
export function registerProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
}
