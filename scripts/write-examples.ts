/** Writes the examples of the OpenAPI document anew: run it when a test says that they are not what the system answers. */
import { writeFileSync } from 'node:fs';
import { EXAMPLES_FILE } from '../src/gateway/examples.ts';
import { collectExamples } from '../src/gateway/examples-test-support.ts';

writeFileSync(EXAMPLES_FILE, `${JSON.stringify(await collectExamples(), null, 2)}\n`);
