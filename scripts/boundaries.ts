/**
 * Imports only ever run downwards: main; system; gateway and fanout; notifications; timeline; engagement; social
 * and tweets; queue; contract and platform. From another service only its interface file is imported, and only
 * system/ sees an adapter. Prints each breach as `file: why`; exit code 1 when there is one.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const FLOORS = [
  ['contract'],
  ['platform'],
  ['queue'],
  ['social', 'tweets'],
  ['engagement'],
  ['timeline'],
  ['notifications'],
  ['gateway', 'fanout'],
  ['system'],
  ['main.ts'],
];
const SERVICES = new Set(['tweets', 'social', 'engagement', 'timeline', 'notifications']);
const IMPORT = /^\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|import\('([^']+)'\)/gm;

function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}

/** Why `from` may not import `to` (both paths below src/), or undefined. Tests may look anywhere. */
export function breach(from: string, to: string): string | undefined {
  const [fromRoom, toRoom] = [from.split('/')[0]!, to.split('/')[0]!];
  if (fromRoom === toRoom) {
    const service = SERVICES.has(fromRoom);
    if (service && /\/stores\//.test(to) && !/\/stores\//.test(from))
      return `only system/ sees an adapter: ${to}`;
    return undefined;
  }
  if (floorOf(fromRoom) < 0) return `the folder ${fromRoom} has no floor`;
  if (floorOf(toRoom) < 0) return `the folder ${toRoom} has no floor`;
  if (floorOf(fromRoom) <= floorOf(toRoom)) return `${fromRoom} stands below ${toRoom}: ${to}`;
  if (fromRoom === 'system') return undefined;
  if (SERVICES.has(toRoom) && to !== `${toRoom}/${toRoom}.ts`)
    return `only the interface of a service may be imported: ${to}`;
  return undefined;
}

function importsOf(file: string): string[] {
  const source = readFileSync(join('src', file), 'utf8');
  return [...source.matchAll(IMPORT)]
    .map((match) => match[1] ?? match[2]!)
    .filter((target) => target.startsWith('#') || target.startsWith('.'))
    .map((target) => (target.startsWith('#') ? target.slice(1) : normalize(join(dirname(file), target))));
}

function isTest(file: string): boolean {
  return /\.test\.ts$|-suite\.ts$|\/contract\.ts$|test-support|test-harness|\/testing\//.test(file);
}

const files = globSync('**/*.ts', { cwd: 'src' }).map((file) => file.replaceAll('\\', '/'));
const faults: string[] = [];
for (const file of files.filter((name) => !isTest(name))) {
  for (const target of importsOf(file)) {
    const why = breach(file, target);
    if (why !== undefined) faults.push(`src/${file}: ${why}`);
  }
}
for (const file of files) {
  const lines = readFileSync(join('src', file), 'utf8').split('\n').length;
  if (lines > 400) faults.push(`src/${file}: ${lines} lines; a file of more than 400 wants to be two`);
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
