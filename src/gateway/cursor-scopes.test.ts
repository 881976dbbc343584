import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIST_NAMES, scopeOf } from './cursor-scopes.ts';

test('no two lists, subjects, readers or filters share a scope', () => {
  const scopes = LIST_NAMES.flatMap((list) =>
    [0, 1, 11].flatMap((subject) =>
      [null, 1, 11].flatMap((reader) =>
        ['', 'own', '1'].map((filter) => scopeOf(list, subject, reader, filter)),
      ),
    ),
  );
  assert.equal(new Set(scopes).size, scopes.length);
});
