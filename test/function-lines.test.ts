import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longFunctions } from '../scripts/function-lines.ts';

const lines = (count: number) => 'step();\n'.repeat(count);
const named = (source: string) =>
  longFunctions(source, 10).map(({ name, line, own }) => ({ name, line, own }));

test('a function of more lines than the bound is named, wherever it stands', () => {
  assert.deepEqual(named(`const a: number = 1;\nfunction long(): void {\n${lines(9)}}`), [
    { name: 'long', line: 2, own: 11 },
  ]);
  assert.deepEqual(named(`const arrow = async () => {\n${lines(9)}};`), [
    { name: 'arrow', line: 1, own: 11 },
  ]);
  assert.deepEqual(named(`const api = { read() {\n${lines(9)}} };`), [{ name: 'read', line: 1, own: 11 }]);
  assert.deepEqual(named(`test('does all', () => {\n${lines(9)}});`), [
    { name: 'does all', line: 1, own: 11 },
  ]);
  assert.deepEqual(named(`function just() {\n${lines(8)}}`), []);
});

test('a function that only holds small ones is not long, and one that is long inside another is', () => {
  const small = `x.map(() => {\n${lines(6)}});\n`;
  assert.deepEqual(named(`function createX() {\n${small.repeat(4)}}`), []);
  assert.deepEqual(named(`function createX() {\n${small.repeat(4)}${lines(5)}}`), [
    { name: 'createX', line: 1, own: 11 },
  ]);
  const long = `function long() {\n${lines(9)}}\n`;
  assert.deepEqual(
    named(`function createX() {\n${long}}`).map(({ name }) => name),
    ['long', 'createX'],
  );
});
