/** Checks that responses have every field of their schema. */

/** The keywords of a JSON schema that name fields. */
interface Schema {
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
}

/**
 * The fields of a schema (its references resolved) that none of these values has, as `/tweets/[]/viewer/liked`; `{}`
 * stands for any name. A field that is null, or a list that is empty, shows nothing of what is in it.
 */
export function unsentFields(schema: object, values: readonly unknown[]): string[] {
  const sent = new Set<string>();
  for (const value of values) for (const field of fieldsIn(value, schema, '')) sent.add(field);
  return [...new Set(fieldsOf(schema, ''))].filter((field) => !sent.has(field));
}

function* fieldsOf(schema: Schema, at: string): Generator<string> {
  for (const { under, inner } of partsOf(schema)) {
    yield `${at}/${under}`;
    yield* fieldsOf(inner, `${at}/${under}`);
  }
}

function* fieldsIn(value: unknown, schema: Schema, at: string): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const { under, inner, named } of partsOf(schema)) {
    const found = named
      ? Object.hasOwn(value, under)
        ? [Reflect.get(value, under)]
        : []
      : Object.values(value);
    if (found.length > 0) yield `${at}/${under}`;
    for (const each of found) yield* fieldsIn(each, inner, `${at}/${under}`);
  }
}

function partsOf(schema: Schema): { under: string; inner: Schema; named: boolean }[] {
  const { anyOf = [], items, properties = {}, additionalProperties } = schema;
  const parts = Object.entries(properties).map(([under, inner]) => ({ under, inner, named: true }));
  if (items !== undefined) parts.push({ under: '[]', inner: items, named: false });
  if (typeof additionalProperties === 'object')
    parts.push({ under: '{}', inner: additionalProperties, named: false });
  return [...parts, ...anyOf.flatMap(partsOf)];
}
