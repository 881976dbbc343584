import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faultOf, mustMatch, PATTERNS, shortName } from './schema-faults.ts';

const fault = (keyword: string, params: Record<string, unknown>) =>
  faultOf({ keyword, instancePath: '/x', params });

describe('what is wrong with a value is told in words, not as a schema', () => {
  for (const [keyword, params, words] of [
    ['required', { missingProperty: 'x' }, 'is required'],
    ['additionalProperties', { additionalProperty: 'x' }, 'is not a field of this call'],
    ['type', { type: 'string' }, 'must be a string'],
    ['type', { type: 'boolean' }, 'must be true or false'],
    ['type', { type: ['string', 'null'] }, 'must be a string or null'],
    ['type', { type: 'array' }, 'must be a list'],
    ['enum', { allowedValues: ['24h', '7d'] }, 'must be 24h or 7d'],
    ['enum', { allowedValues: ['24h', '7d', 'all'] }, 'must be 24h, 7d or all'],
    ['const', { allowedValue: 'cookie' }, 'must be cookie'],
    ['minimum', { limit: 1 }, 'must be at least 1'],
    ['maximum', { limit: 100 }, 'must be at most 100'],
    ['minLength', { limit: 1 }, 'must not be empty'],
    ['minLength', { limit: 8 }, 'must have at least 8 characters'],
    ['maxLength', { limit: 1 }, 'must have at most 1 character'],
    ['maxItems', { limit: 4 }, 'must have at most 4 entries'],
    ['minProperties', { limit: 1 }, 'must not be empty'],
  ] as const) {
    test(`${keyword} ${JSON.stringify(params)}: ${words}`, () => assert.equal(fault(keyword, params), words));
  }

  test('a pattern of the API has words of its own', () => {
    for (const { pattern, must } of Object.values(PATTERNS)) {
      assert.equal(fault('pattern', { pattern }), must);
      assert.equal(mustMatch(pattern), must);
    }
  });

  test('a long name is cut', () => {
    assert.equal(shortName('x'.repeat(80)), 'x'.repeat(80));
    assert.equal(shortName('x'.repeat(81)), `${'x'.repeat(80)}…`);
  });
});
