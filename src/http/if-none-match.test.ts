import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesEtag } from './if-none-match.ts';

test('If-None-Match knows strong and weak tags, lists and *', () => {
  for (const header of ['"a"', 'W/"a"', '"x", "a"', '"x",W/"a" , "y"', ' * ', '"b,c", "a"', '"a"garbage']) {
    assert.ok(matchesEtag(header, '"a"'), header);
  }
  assert.ok(!matchesEtag(undefined, '"a"'));
  for (const header of ['', 'a', '"A"', '"ab"', '"x, a"', 'W/"b"', '**', '"*"']) {
    assert.ok(!matchesEtag(header, '"a"'), header);
  }
});
