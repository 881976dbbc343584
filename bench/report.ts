/** Prints measurements. */
import { cpus, totalmem } from 'node:os';

export function printMachine(): void {
  const [cpu] = cpus();
  console.log(`machine: ${cpus().length} x ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`);
  const { node, sqlite, v8 } = process.versions;
  console.log(`versions: node ${node}, sqlite ${sqlite}, v8 ${v8}, ${process.platform}-${process.arch}`);
}

export function printRow(what: string, figures: Record<string, string | number>): void {
  const text = Object.entries(figures).map(
    ([name, value]) => `${name} ${typeof value === 'number' ? round(value) : value}`,
  );
  console.log(`${what.padEnd(34)} ${text.join(', ')}`);
}

export function round(value: number): string {
  if (value >= 1_000) return Math.round(value).toLocaleString('en');
  return value >= 10 ? value.toFixed(0) : value.toPrecision(2);
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
