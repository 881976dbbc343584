/**
 * An example body and response of each call, recorded from a running system by `npm run examples`. A test checks them
 * against the schemas and against what the system answers today.
 */
import { readFileSync } from 'node:fs';
import type { Examples } from '#http/docs/examples.ts';

export const EXAMPLES_FILE = new URL('./examples.json', import.meta.url);
export const EXAMPLES = JSON.parse(readFileSync(EXAMPLES_FILE, 'utf8')) as Examples;
