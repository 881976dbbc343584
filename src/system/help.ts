/** The help texts of the commands that serve. `admin` has its own. */
import { settingsHelp } from './settings.ts';

const USAGE: Record<string, string[]> = {
  serve: ['npm start -- [options]', '', 'Starts the server.'],
  demo: [
    'npm run demo -- [options]',
    '',
    'Fills ./data-demo (or --data) with a made-up community, once, and serves it.',
    '',
    '  --people N, --tweets N, --seed N  how large it is, and which one (1000, 10000, 1)',
    '  --graph FILE, --undirected        its follows, as lines "a b" of a real graph',
    '  --check                           compares every home and top list with a plain computation',
    '  --live                            people go on posting and liking',
  ],
};

/** The help of a command that serves; undefined for other commands. */
export function helpOf(command: string): string | undefined {
  const usage = Object.hasOwn(USAGE, command) ? USAGE[command]! : undefined;
  if (usage === undefined) return undefined;
  return [
    ...usage,
    '',
    'Settings, with their defaults. An option goes before the environment variable.',
    '',
    settingsHelp({ data: command === 'demo' ? './data-demo' : './data' }),
    '',
    '  --help, --version',
    '',
    'README.md says more. `npm run admin -- --help` lists what can be done to a server.',
  ].join('\n');
}
