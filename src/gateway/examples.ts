/**
 * An example of the body and of the response of each call: what a running system was sent and answered.
 * `npm run examples` writes them; a test holds them to the schemas and to what the system answers today.
 */
import { readFileSync } from 'node:fs';
import type { Examples } from '#http/docs/examples.ts';

export const EXAMPLES_FILE = new URL('./examples.json', import.meta.url);
export const EXAMPLES = JSON.parse(readFileSync(EXAMPLES_FILE, 'utf8')) as Examples;
