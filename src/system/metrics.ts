import { Gauge, type Registry } from 'prom-client';
import type { System } from './system.ts';

/** Adds what the services know of themselves to the gateway's metrics; everything is asked when it is read. */
export function registerSystemMetrics(registry: Registry, system: System): void {
  const registers = [registry];
  new Gauge({
    name: 'warble_view_lag_records',
    help: 'Records of the log that a view has not folded yet.',
    labelNames: ['view'] as const,
    registers,
    async collect() {
      for (const [view, runner] of Object.entries(system.views))
        this.set({ view }, (await runner.status()).lag);
    },
  });
  new Gauge({
    name: 'warble_process_resident_memory_bytes',
    help: 'Memory that the process holds.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
}
