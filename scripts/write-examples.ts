/** Writes the examples of the OpenAPI document anew: run it when a test says that they are not what the system answers. */
import { writeFileSync } from 'node:fs';
import { collectExamples } from '#gateway/testing/examples.ts';
import { EXAMPLES_FILE } from '../src/gateway/examples.ts';

writeFileSync(EXAMPLES_FILE, `${JSON.stringify(await collectExamples(), null, 2)}\n`);
