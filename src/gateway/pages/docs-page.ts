/** The API for people to read: one page, made once from the routes. */
import { ERROR_CATALOGUE } from '#contract/errors.ts';
import { answerSchemaOf, documentedPath, errorsOf } from '../openapi.ts';
import type { Route } from '../route.ts';
import { escaped } from './html.ts';

/** The body of the docs page. */
export function docsPage(routes: readonly Route[]): { title: string; body: string } {
  const topics = [...new Set(routes.map(({ topic }) => topic))];
  const links = topics.map((topic) => `<a href="#${anchor(topic)}">${escaped(topic)}</a>`).join(' · ');
  const sections = topics.map((topic) =>
    topicSection(
      topic,
      routes.filter((route) => route.topic === topic),
    ),
  );
  return {
    title: 'Warble API',
    body: `<h1>Warble API</h1>
<p>JSON over HTTP. Sign up, then send the token as <code>Authorization: Bearer …</code>. For programs:
<a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). Ids are decimal strings, and <code>me</code> stands for
whoever is signed in; times are RFC 3339 in UTC. A write that succeeded is
<code>{"status": 200, "time": …}</code>. Lists go on with <code>cursor=</code> the <code>nextCursor</code> of the page
before, and are over when it is null. Fields and parameters that a call does not know are refused.</p>
<p>${links} · <a href="#errors">Errors</a></p>${sections.join('')}${errorSection()}`,
  };
}

function anchor(topic: string): string {
  return encodeURIComponent(topic.toLowerCase().replaceAll(' ', '-'));
}

function topicSection(topic: string, routes: Route[]): string {
  return `<h2 id="${anchor(topic)}">${escaped(topic)}</h2>${routes.map(routeSection).join('')}`;
}

const WHO = { required: 'signed in', optional: 'anybody; signed in, more', none: 'anybody' } as const;

function routeSection(route: Route): string {
  const parts = [
    `<h3 id="${escaped(route.name)}"><span class="method">${route.methods.join(', ')}</span> <code>${escaped(documentedPath(route))}</code></h3>`,
    `<p>${inline(route.summary)}. ${inline(route.description)} <span class="quiet">For: ${WHO[route.auth]}.</span></p>`,
    table('Path', fieldsOf(route.params)),
    table('Query', fieldsOf(route.query)),
    table('Header', fieldsOf(route.headers)),
    table(route.consumes === 'json' ? 'Body' : 'Body (multipart)', fieldsOf(route.body)),
    route.produces === 'application/json'
      ? table('Answer', fieldsOf(answerSchemaOf(route)))
      : `<p>Answers with <code>${escaped(route.produces)}</code>.</p>`,
    `<p class="quiet">Errors: ${errorsOf(route)
      .map((code) => `<a href="#${code}">${code}</a>`)
      .join(', ')}</p>`,
  ];
  return parts.join('');
}

interface Field {
  name: string;
  type: string;
  note: string;
}

/** What the docs read of a schema. */
interface Shape {
  type?: string | string[];
  title?: string;
  description?: string;
  properties?: Record<string, Shape>;
  required?: string[];
  items?: Shape;
  anyOf?: Shape[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
}

function fieldsOf(schema: object | null): Field[] {
  const { properties = {}, required = [] } = (schema ?? {}) as Shape;
  return Object.entries(properties).map(([name, shape]) => ({
    name: required.includes(name) && shape.default === undefined ? name : `${name}?`,
    type: typeOf(shape),
    note: [shape.description, shape.default === undefined ? '' : `Default ${JSON.stringify(shape.default)}.`]
      .filter(Boolean)
      .join(' '),
  }));
}

/** A schema in a few words. */
function typeOf(shape: Shape): string {
  if (shape.enum !== undefined) return shape.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (shape.const !== undefined) return JSON.stringify(shape.const);
  if (shape.anyOf !== undefined) return shape.anyOf.map(typeOf).join(' | ');
  if (shape.type === 'array') return `[${typeOf(shape.items ?? {})}…]`;
  if (shape.type === 'object' && shape.properties !== undefined) {
    const { required = [] } = shape;
    const fields = Object.entries(shape.properties).map(
      ([name, field]) => `${name}${required.includes(name) ? '' : '?'}: ${typeOf(field)}`,
    );
    return `${shape.title === undefined ? '' : `${shape.title} `}{${fields.join(', ')}}`;
  }
  if (shape.title === 'Users') return '{[userId]: {handle, name, pictureUrl}}';
  return [shape.type ?? 'any'].flat().join(' | ');
}

function table(heading: string, fields: Field[]): string {
  if (fields.length === 0) return '';
  const rows = fields.map(
    ({ name, type, note }) =>
      `<tr><td><code>${escaped(name)}</code></td><td><code>${escaped(type)}</code></td><td>${inline(note)}</td></tr>`,
  );
  return `<table><thead><tr><th>${escaped(heading)}</th><th></th><th></th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** Text with `code` in it. */
function inline(text: string): string {
  return escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function errorSection(): string {
  const rows = Object.entries(ERROR_CATALOGUE).map(
    ([code, { status, title }]) =>
      `<tr id="${code}"><td><code>${status}</code></td><td><code>${code}</code></td><td>${escaped(title)}</td></tr>`,
  );
  return `<h2 id="errors">Errors</h2><p>Every error is a problem document (RFC 9457,
<code>application/problem+json</code>): <code>{type, title, status, detail, code, errors?}</code>. <code>code</code> is
stable, <code>detail</code> says what to do, <code>errors</code> names the fields. 429 and 503 say when to come back in
<code>Retry-After</code>.</p><table><tbody>${rows.join('')}</tbody></table>`;
}
