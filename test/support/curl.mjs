// A substitute for curl where it is not installed, with what the README's examples use.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    silent: { type: 'boolean', short: 's' },
    fail: { type: 'boolean', short: 'f' },
    'no-buffer': { type: 'boolean', short: 'N' },
    request: { type: 'string', short: 'X' },
    header: { type: 'string', short: 'H', multiple: true, default: [] },
    data: { type: 'string', short: 'd' },
    'write-out': { type: 'string', short: 'w', default: '' },
  },
});

const headers = values.header.map((header) => header.split(/: */, 2));
const method = values.request ?? (values.data === undefined ? 'GET' : 'POST');
try {
  const response = await fetch(positionals[0], { method, headers, body: values.data });
  if (values.fail && !response.ok) process.exit(22);
  for await (const chunk of response.body) writeFileSync(1, chunk);
  writeFileSync(1, values['write-out'].replaceAll('\\n', '\n'));
} catch {
  process.exit(7);
}
