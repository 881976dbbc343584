/** The command line. */
import { WarbleError } from '#domain/errors.ts';
import { ConfigError } from './system/config-error.ts';

type Command = (argv: string[]) => Promise<void>;

/** Each command is loaded on demand, so that starting the server loads nothing else. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  serve: async () => (await import('#system/serve.ts')).serve,
  demo: async () => (await import('#system/demo/demo.ts')).demo,
  admin: async () => (await import('#system/admin/admin.ts')).admin,
};

/** Until a command has taken over there is nothing to lose, so a signal ends the process at once, with success. */
function endAtSignals(): () => void {
  const end = () => process.exit(0);
  for (const signal of SIGNALS) process.on(signal, end);
  return () => {
    for (const signal of SIGNALS) process.off(signal, end);
  };
}
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Files that any command creates are readable by their owner alone, even in a directory that somebody else made. */
const OWNER_ONLY = 0o077;

async function main([name, ...argv]: string[]): Promise<void> {
  process.umask(OWNER_ONLY);
  if (name === '--version' || argv.includes('--version')) {
    return console.log((await import('#system/version.ts')).version());
  }
  if (argv.includes('--help')) {
    const help = (await import('#system/help.ts')).helpOf(name ?? '');
    if (help !== undefined) return console.log(help);
  }
  const load = COMMANDS[name ?? ''];
  if (load === undefined) {
    throw new ConfigError(`unknown command ${name ?? ''}; known: ${Object.keys(COMMANDS).join(', ')}.`);
  }
  const leaveSignals = endAtSignals();
  const command = await load();
  const running = command(argv);
  leaveSignals();
  await running;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof ConfigError || error instanceof WarbleError) console.error(`warble: ${error.message}`);
  else console.error('warble: stopped by an error that it does not know:', error);
  process.exitCode = 1;
});
