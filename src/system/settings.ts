/** The table of all settings, for `--help` and for recognising mistyped ones. `config.ts` reads and checks them. */

export interface Setting {
  variable: string;
  /** The command-line option of the setting, if it has one. */
  option?: string;
  /** The default, as help shows it. */
  usual: string;
  what: string;
}

export const SETTINGS: readonly Setting[] = [
  { variable: 'WARBLE_PORT', option: '--port', usual: '3000', what: '0 picks a free one and prints it' },
  { variable: 'WARBLE_HOST', option: '--host', usual: '127.0.0.1', what: 'the address to listen on' },
  { variable: 'WARBLE_DATA', option: '--data', usual: './data', what: 'the directory that holds everything' },
  {
    variable: 'WARBLE_PUBLIC_URL',
    usual: 'none',
    what: 'the https:// origin under which users reach the server',
  },
  {
    variable: 'WARBLE_TRUSTED_PROXIES',
    usual: 'none',
    what: 'addresses or ranges whose X-Forwarded-* headers count',
  },
  {
    variable: 'WARBLE_RATE_LIMITS',
    usual: 'on',
    what: 'off: no request limits; only on loopback without a proxy',
  },
  {
    variable: 'WARBLE_QUOTAS',
    usual: 'see docs/API.md',
    what: 'other request limits, such as post=300/3600',
  },
  { variable: 'WARBLE_BOUNDS', usual: 'see docs/API.md', what: 'other bounds, such as connections=5000' },
  { variable: 'WARBLE_PICTURE_MEGAPIXELS', usual: '100', what: 'megapixels of pictures decoded at once' },
  { variable: 'WARBLE_UPLOADS_MIB', usual: '1024', what: 'MiB of disk that uploads under way may take' },
  { variable: 'WARBLE_METRICS_TOKEN', usual: 'none', what: 'who bears it may read /metrics from anywhere' },
  { variable: 'WARBLE_METRICS_PORT', usual: 'none', what: 'a port on loopback that serves /metrics' },
  { variable: 'WARBLE_LOG_LEVEL', usual: 'info', what: 'fatal, error, warn, info, debug, trace or silent' },
  { variable: 'WARBLE_LOG_ADDRESSES', usual: 'shortened', what: 'full, shortened or none' },
  { variable: 'WARBLE_REGION', usual: 'local', what: 'a name that is written into every event' },
];

const PREFIX = 'WARBLE_';

/** An error about the first environment variable that looks like a setting but is none; undefined if there is none. */
export function unknownSetting(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const known = SETTINGS.map(({ variable }) => variable);
  const unknown = Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .sort()[0];
  if (unknown === undefined) return undefined;
  const nearest = known.toSorted((a, b) => distance(a, unknown) - distance(b, unknown))[0]!;
  return `${unknown} is not a setting; did you mean ${nearest}? Correct it or unset it. \`npm start -- --help\` lists all.`;
}

/** Formats the settings as a table for a terminal; `data` is the default data directory. */
export function settingsHelp({ data }: { data: string }): string {
  const rows = SETTINGS.map(({ variable, option, usual, what }) => [
    option === undefined ? variable : `${variable}, ${option}`,
    `${what} (${variable === 'WARBLE_DATA' ? data : usual})`,
  ]);
  const width = Math.max(...rows.map(([names]) => names!.length));
  return rows.map(([names, text]) => `  ${names!.padEnd(width)}  ${text}`).join('\n');
}

/** The Levenshtein distance: how many letters have to be inserted, deleted or changed to make one word of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
