/**
 * The shape of the tree, checked. Imports only ever run downwards (FLOORS); from another service only its interface is
 * imported, and only system/ sees an adapter; http/ knows no word of the domain but those named in HTTP_MAY_KNOW; no
 * room is larger than a fifth of src/, and no files import each other in a circle. Prints each breach as `file: why`;
 * exit code 1 when there is one.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** From the ground up. Rooms on one floor do not import each other. */
const FLOORS = [
  ['domain'],
  ['platform'],
  ['queue', 'http'],
  ['social', 'tweets'],
  ['accounts', 'media', 'engagement'],
  ['timeline'],
  ['notifications', 'moderation'],
  ['gateway', 'fanout'],
  ['system'],
  ['main.ts'],
];
/** What others may import of each service. */
const INTERFACES: Record<string, readonly string[]> = {
  tweets: ['tweets.ts'],
  social: ['social.ts'],
  engagement: ['engagement.ts'],
  timeline: ['timeline.ts'],
  notifications: ['notifications.ts'],
  /** Two callers, two interfaces: people and their sessions; who runs the server. */
  accounts: ['accounts.ts', 'administration.ts'],
  media: ['media.ts'],
  moderation: ['moderation.ts'],
};
/** An HTTP API of anything has errors, in the one catalogue of them, and callers with an id. */
const HTTP_MAY_KNOW = new Set(['domain/errors.ts', 'domain/ids.ts']);
/** Files that one other file may import: code that caches what a store said uses the coherent cache. */
const PRIVATE: Record<string, string> = {
  'platform/id-slots.ts': 'platform/coherent-cache.ts',
  'platform/change-clock.ts': 'platform/coherent-cache.ts',
};
const MAX_FILE_LINES = 400;
const MAX_SHARE_OF_A_ROOM = 0.2;
const IMPORT = /^\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|import\('([^']+)'\)/gm;

function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}

/** Why `from` may not import `to` (both paths below src/), or undefined. Tests may look anywhere. */
export function breach(from: string, to: string): string | undefined {
  const [fromRoom, toRoom] = [from.split('/')[0]!, to.split('/')[0]!];
  if (Object.hasOwn(PRIVATE, to) && PRIVATE[to] !== from) return `only ${PRIVATE[to]} may import ${to}`;
  if (fromRoom === toRoom) {
    const service = Object.hasOwn(INTERFACES, fromRoom);
    if (service && /\/stores\//.test(to) && !/\/stores\//.test(from))
      return `only system/ sees an adapter: ${to}`;
    return undefined;
  }
  if (floorOf(fromRoom) < 0) return `the folder ${fromRoom} has no floor`;
  if (floorOf(toRoom) < 0) return `the folder ${toRoom} has no floor`;
  if (floorOf(fromRoom) <= floorOf(toRoom)) return `${fromRoom} does not stand above ${toRoom}: ${to}`;
  if (fromRoom === 'system') return undefined;
  if (fromRoom === 'http' && toRoom === 'domain' && !HTTP_MAY_KNOW.has(to))
    return `http/ knows no domain: ${to}`;
  const faces = INTERFACES[toRoom]?.map((name) => `${toRoom}/${name}`);
  if (faces !== undefined && !faces.includes(to))
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

/** Files that import each other in a loop, as `a -> b -> a`; each loop once. */
function circles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  function visit(file: string): void {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file].join(' -> '));
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const target of imports.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  }
  for (const file of imports.keys()) visit(file);
  return found;
}

function isTest(file: string): boolean {
  return /\.(test|conformance)\.ts$|\/testing\//.test(file);
}

const files = globSync('**/*.ts', { cwd: 'src' }).map((file) => file.replaceAll('\\', '/'));
const faults: string[] = [];
const linesOf = new Map(
  files.map((file) => [file, readFileSync(join('src', file), 'utf8').split('\n').length]),
);
const imports = new Map(files.filter((name) => !isTest(name)).map((file) => [file, importsOf(file)]));
for (const [file, targets] of imports) {
  for (const target of targets) {
    const why = breach(file, target);
    if (why !== undefined) faults.push(`src/${file}: ${why}`);
  }
}
for (const circle of circles(imports)) faults.push(`src/${circle}: a circle; put what both need below both`);
for (const [file, lines] of linesOf) {
  if (lines > MAX_FILE_LINES) {
    faults.push(`src/${file}: ${lines} lines; a file of more than ${MAX_FILE_LINES} wants to be two`);
  }
}
const code = [...linesOf].filter(([file]) => !isTest(file));
const total = code.reduce((sum, [, lines]) => sum + lines, 0);
for (const room of FLOORS.flat()) {
  const lines = code.filter(([file]) => file.split('/')[0] === room).reduce((sum, [, n]) => sum + n, 0);
  if (process.argv.includes('--sizes'))
    console.log(`${room}: ${lines} (${((100 * lines) / total).toFixed(1)}%)`);
  if (lines > total * MAX_SHARE_OF_A_ROOM) {
    faults.push(`src/${room}: ${lines} of ${total} lines; a room of more than a fifth wants to be two`);
  }
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
