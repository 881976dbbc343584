/** What every SQL statement of the tree keeps to. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

/** A variable that stands alone, as `prepare` in database.ts tells not to write it. */
const LONE = /\b(?:LIMIT|OFFSET) \?\d*(?![\d]| [-+])/;
const COMMENT = /^\s*(?:\/?\*|\/\/)/;
const SOURCES = join(import.meta.dirname, '../..');

test('no LIMIT is a variable alone, or SQLite prepares the statement again at each call', () => {
  const files = globSync('**/*.ts', { cwd: SOURCES });
  assert.ok(files.length > 100);
  const lone = files.flatMap((file) =>
    readFileSync(join(SOURCES, file), 'utf8')
      .split('\n')
      .flatMap((line, index) => (LONE.test(line) && !COMMENT.test(line) ? [`${file}:${index + 1}`] : [])),
  );
  assert.deepEqual(lone, [], 'write LIMIT ? + 0');
});
