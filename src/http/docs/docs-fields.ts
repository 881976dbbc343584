/** Schemas as HTML tables: each field with its type, its meaning and its bounds. */
import { mustMatch } from '../schema-faults.ts';
import { escaped, inline } from './html.ts';

/** What the docs read of a schema. */
export interface Shape {
  type?: string | string[];
  title?: string;
  description?: string;
  properties?: Record<string, Shape>;
  additionalProperties?: Shape | boolean;
  required?: string[];
  items?: Shape;
  anyOf?: Shape[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

export interface FieldTables {
  /** A table of an object's fields; empty if there are none. */
  table(heading: string, schema: object | null): string;
  /** A section for each type that the tables so far refer to. */
  types(): string;
}

export function createFieldTables(): FieldTables {
  /** Types referred to, in order of appearance. */
  const met = new Map<string, Shape>();

  /** A schema in a few words: HTML. */
  function typeOf(shape: Shape): string {
    const { title } = shape;
    if (title !== undefined) {
      met.set(title, shape);
      return `<a href="#type-${title}">${title}</a>`;
    }
    if (shape.enum !== undefined) return choicesOf(shape.enum);
    if (shape.const !== undefined) return choicesOf([shape.const]);
    if (shape.anyOf !== undefined) return shape.anyOf.map(typeOf).join(' | ');
    if (shape.type === 'array') return `[${typeOf(shape.items ?? {})}…]`;
    return [shape.type ?? 'any'].flat().join(' | ');
  }

  function row(name: string, shape: Shape, optional: boolean): string {
    const note = notesOf(shape).map(inline).join(' ');
    return `<tr><td><code>${escaped(name)}${optional ? '?' : ''}</code></td><td><code>${typeOf(shape)}</code></td><td>${note}</td></tr>`;
  }

  function table(heading: string, schema: object | null): string {
    const { properties = {}, required = [] } = (schema ?? {}) as Shape;
    const rows = Object.entries(properties).map(([name, shape]) =>
      row(name, shape, !required.includes(name) || shape.default !== undefined),
    );
    if (rows.length === 0) return '';
    return `<table><thead><tr><th colspan="3">${escaped(heading)}</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  }

  function typeSection(title: string, shape: Shape): string {
    const { description = '', additionalProperties: each } = shape;
    const said = description === '' ? '' : `<p>${inline(description)}</p>`;
    const choices = shape.enum === undefined ? '' : `<p><code>${choicesOf(shape.enum)}</code></p>`;
    const map = typeof each === 'object' ? `<p><code>{[id]: ${typeOf(each)}}</code></p>` : '';
    return `<h3 id="type-${title}">${title}</h3>${said}${choices}${map}${table('Fields', shape)}`;
  }

  return {
    table,
    types() {
      // A section may refer to further types, which come after it.
      let sections = '';
      for (const [title, shape] of met) sections += typeSection(title, shape);
      return sections;
    },
  };
}

function choicesOf(values: unknown[]): string {
  return values.map((value) => escaped(JSON.stringify(value))).join(' | ');
}

/** Sentences about a field, beside its type. */
function notesOf(shape: Shape): string[] {
  const { description = '', default: fallback } = shape;
  const bounds = boundsOf(shape).map(sentence);
  const said = bounds.some((bound) => bound.toLowerCase().includes(description.slice(0, -1).toLowerCase()));
  return [
    ...(said ? [] : [description]),
    ...bounds,
    ...(fallback === undefined ? [] : [`Default ${JSON.stringify(fallback)}.`]),
  ];
}

/** What a value may be, in words. */
function boundsOf(shape: Shape): string[] {
  return [
    ...rangeOf(shape.minimum, shape.maximum, ''),
    ...rangeOf(shape.minLength, shape.maxLength, ' characters'),
    ...rangeOf(shape.minItems, shape.maxItems, ' entries'),
    ...(shape.pattern === undefined ? [] : [mustMatch(shape.pattern).replace(/^must (be )?/, '')]),
    ...boundsOfItems(shape.items),
  ];
}

function boundsOfItems(items: Shape | undefined): string[] {
  if (items === undefined || items.title !== undefined) return [];
  return boundsOf(items).map((bound) => `each ${bound}`);
}

function rangeOf(min: number | undefined, max: number | undefined, unit: string): string[] {
  if (min !== undefined && max !== undefined) return [`${min} to ${max}${unit}`];
  if (max !== undefined) return [`at most ${max}${unit}`];
  return min === undefined ? [] : [`at least ${min}${unit}`];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
