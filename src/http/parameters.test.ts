import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { isWarbleError } from '#domain/errors.ts';
import { Limit, strictObject, UserParams } from '#gateway/schemas/common.ts';
import { parameterReader, queryOf } from './parameters.ts';
import { createSchemaCompiler } from './schema-validator.ts';

const compile = createSchemaCompiler();

const read = parameterReader(
  strictObject({
    limit: Limit,
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 5 })),
    followed: Type.Optional(Type.Boolean()),
    window: Type.Enum(['24h', '7d'], { default: '24h' }),
    order: Type.Optional(Type.Literal('top')),
  }),
  'query',
  compile,
);
const parse = (query: string) => read(queryOf(`/x?${query}`));

function faultsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    assert.ok(isWarbleError(error, 'invalid_request'), String(error));
    return error.errors?.map(({ pointer }) => pointer) ?? [];
  }
  throw new Error('was accepted');
}

test('parameters become values of their types, with defaults where absent', () => {
  assert.deepEqual(parse(''), { limit: 20, window: '24h' });
  assert.deepEqual(parse('limit=7&followed=true&window=7d&order=top&cursor=a%2Bb'), {
    limit: 7,
    followed: true,
    window: '7d',
    order: 'top',
    cursor: 'a+b',
  });
  assert.deepEqual(parse('&&limit=100&'), { limit: 100, window: '24h' });
});

for (const limit of [
  '0',
  '-1',
  '101',
  '1e9',
  '1000000000000',
  'NaN',
  'Infinity',
  '1.5',
  '',
  '07',
  '+5',
  ' 5',
  '5 ',
  '0x5',
  '５',
  'null',
  '%00',
]) {
  test(`a limit of "${limit}" is refused by name`, () => {
    assert.deepEqual(
      faultsOf(() => parse(`limit=${limit}`)),
      ['#/query/limit'],
    );
  });
}

for (const [query, pointers] of [
  ['limit', ['#/query/limit']],
  ['limit=1&limit=2', ['#/query/limit']],
  ['limit[]=1', ['#/query/limit%5B%5D']],
  ['Limit=1', ['#/query/Limit']],
  ['followed=1', ['#/query/followed']],
  ['followed=TRUE', ['#/query/followed']],
  ['window=1h', ['#/query/window']],
  ['order=', ['#/query/order']],
  ['cursor=', ['#/query/cursor']],
  ['cursor=abcdef', ['#/query/cursor']],
  ['__proto__=1', ['#/query/__proto__']],
  ['constructor=1&limit=0', ['#/query/constructor', '#/query/limit']],
] as const) {
  test(`the query "${query}" is refused with ${pointers.join(', ')}`, () => {
    assert.deepEqual(
      faultsOf(() => parse(query)),
      pointers,
    );
  });
}

test('every fault is told, and a number that is none like one that is out of its range', () => {
  for (const limit of ['0', '101', '0x5', 'x']) {
    assert.throws(() => parse(`limit=${limit}`), { message: 'limit must be a whole number from 1 to 100.' });
  }
  assert.throws(() => parse('x=1&limit=5&limit=6&followed=1'), {
    message: 'x is not a parameter of this call.',
    errors: [
      { pointer: '#/query/x', detail: 'is not a parameter of this call' },
      { pointer: '#/query/limit', detail: 'is given more than once' },
      { pointer: '#/query/followed', detail: 'must be true or false' },
    ],
  });
});

test('what is not percent-encoded UTF-8, and what has too many parameters, is refused', () => {
  assert.deepEqual(
    faultsOf(() => parse('cursor=%zz')),
    [],
  );
  assert.deepEqual(
    faultsOf(() => parse('cursor=%ff')),
    [],
  );
  assert.deepEqual(
    faultsOf(() => parse('a=1&'.repeat(40))),
    [],
  );
});

test('a user in a path is me or an id', () => {
  const path = parameterReader(UserParams, 'path', compile);
  for (const userId of ['me', '1', '9999999999999999']) {
    assert.deepEqual(path([['userId', userId]]), { userId });
  }
  for (const userId of ['0', '01', '-1', '1.0', 'ME', 'me ', '12345678901234567', 'abc', '1\n']) {
    assert.deepEqual(
      faultsOf(() => path([['userId', userId]])),
      ['#/path/userId'],
      userId,
    );
  }
});
