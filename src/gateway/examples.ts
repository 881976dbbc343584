/**
 * An example of the body and of the answer of each call: what a running system was sent and answered.
 * `npm run examples` writes them; a test holds them to the schemas and to what the system answers today.
 */
import { readFileSync } from 'node:fs';

export interface Example {
  body?: unknown;
  /** Of a stream: its text. */
  answer: unknown;
}

export interface Examples {
  /** By operationId. */
  calls: Record<string, Example>;
  /** A problem document. */
  problem: unknown;
}

export const EXAMPLES_FILE = new URL('./examples.json', import.meta.url);
export const EXAMPLES = JSON.parse(readFileSync(EXAMPLES_FILE, 'utf8')) as Examples;
