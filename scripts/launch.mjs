// The one entry of every npm script. It looks only at the age of Node, in words that an old one still understands
// (12.17 or newer), and leaves the rest to run.mjs.
var OLDEST_NODE = 20;

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  console.error(
    'warble: Node ' +
      process.versions.node +
      ' is too old; install Node ' +
      OLDEST_NODE +
      ' or newer from https://nodejs.org and run this again.',
  );
  process.exit(1);
}
import('./run.mjs').then((module) => module.run(process.argv.slice(2)));
