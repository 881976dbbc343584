/** The documentation of the API: one page, made once from the routes. */
import { ERROR_CATALOGUE } from '#domain/errors.ts';
import type { Limits } from '../limits/limits.ts';
import type { Quota } from '../limits/quota.ts';
import { policyOf } from '../limits/rate-limiter.ts';
import type { Route } from '../route.ts';
import { createFieldTables, type FieldTables } from './docs-fields.ts';
import type { Example, Examples } from './examples.ts';
import { escaped, inline } from './html.ts';
import { documentedPath, errorsOf, responseSchemaOf } from './openapi.ts';

type Quotas = Limits['quotas'];

export interface DocsPageRequest {
  routes: readonly Route[];
  /** Of the API. */
  title: string;
  examples: Examples;
  /** Of this server; null: it has no limits. */
  quotas: Quotas;
}

/** The docs page. */
export function docsPage({ routes, title, examples, quotas }: DocsPageRequest): {
  title: string;
  body: string;
} {
  const shown = { tables: createFieldTables(), examples, quotas };
  const tags = [...new Set(routes.map(({ tag }) => tag))].map((tag) => ({
    tag,
    routes: routes.filter((route) => route.tag === tag),
  }));
  const sections = tags.map(
    ({ tag, routes: own }) =>
      `<h2 id="${anchor(tag)}">${escaped(tag)}</h2>${own.map((route) => routeSection(route, shown)).join('')}`,
  );
  return {
    title,
    body: `<h1>${escaped(title)}</h1>
<p>JSON over HTTP. Sign up, then send the token as <code>Authorization: Bearer …</code>. For programs:
<a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). Ids are decimal strings, and <code>me</code> stands for
whoever is signed in; times are RFC 3339 in UTC. A write that succeeded is
<code>{"status": 200, "time": …}</code>. Lists go on with <code>cursor=</code> the <code>nextCursor</code> of the page
before, and are over when it is null. Fields and parameters that a call does not know are refused. A name with
<code>?</code> may be left out.</p>
<nav><h2 id="index">Index</h2>${tags.map(indexOf).join('')}
<p><a href="#types">Types</a> · <a href="#limits">Limits</a> · <a href="#errors">Errors</a></p></nav>
${sections.join('')}<h2 id="types">Types</h2>${shown.tables.types()}${limitSection(quotas)}${errorSection()}`,
  };
}

function anchor(tag: string): string {
  return encodeURIComponent(tag.toLowerCase().replaceAll(' ', '-'));
}

function indexOf({ tag, routes }: { tag: string; routes: Route[] }): string {
  const items = routes.map(
    (route) =>
      `<li><a href="#${escaped(route.operationId)}">${route.methods.join(', ')} <code>${escaped(documentedPath(route))}</code></a> <span class="quiet">${inline(route.summary)}</span></li>`,
  );
  return `<h3><a href="#${anchor(tag)}">${escaped(tag)}</a></h3><ul>${items.join('')}</ul>`;
}

const WHO = { required: 'signed in', optional: 'anybody; signed in, more', none: 'anybody' } as const;

interface Shown {
  tables: FieldTables;
  examples: Examples;
  quotas: Quotas;
}

function routeSection(route: Route, { tables, examples, quotas }: Shown): string {
  const { table } = tables;
  const parts = [
    `<h3 id="${escaped(route.operationId)}"><span class="method">${route.methods.join(', ')}</span> <code>${escaped(documentedPath(route))}</code></h3>`,
    `<p>${inline(route.summary)}. ${inline(route.description)} <span class="quiet">For: ${WHO[route.auth]}.${limitOf(route, quotas)}</span></p>`,
    table('Path', route.params),
    table('Query', route.query),
    table('Header', route.headers),
    table(route.consumes === 'json' ? 'Body' : 'Body (multipart)', route.body),
    route.produces === 'application/json'
      ? table('Response', responseSchemaOf(route))
      : `<p>Answers with <code>${escaped(route.produces)}</code>.</p>`,
    table('Response header', route.responseHeaders),
    table('Event', route.events),
    exampleOf(route, examples.calls[route.operationId]),
    `<p class="quiet">Errors: ${errorsOf(route)
      .map((code) => `<a href="#${code}">${code}</a>`)
      .join(', ')}</p>`,
  ];
  return parts.join('');
}

function limitOf(route: Route, quotas: Quotas): string {
  if (quotas === null) return '';
  const policy = policyOf(route.rateLimit);
  return ` Limit: <a href="#limits">${policy}</a>, ${wordsOf(quotas[policy])}${weightWords(route.weight)}.`;
}

/** Says as how many calls one counts, where that is not one. */
function weightWords({ firstPage, laterPage }: Route['weight']): string {
  if (firstPage === laterPage) return firstPage === 1 ? '' : `; it counts as ${firstPage}`;
  return `; it counts as ${firstPage}, with a cursor as ${laterPage}`;
}

/** `900 in 15 minutes`. */
function wordsOf({ quota, window_ms }: Quota): string {
  const minutes = window_ms / 60_000;
  const count = quota.toLocaleString('en');
  if (minutes === 60) return `${count} an hour`;
  return Number.isInteger(minutes) ? `${count} in ${minutes} minutes` : `${count} in ${window_ms / 1_000} s`;
}

function exampleOf({ body, produces }: Route, example: Example | undefined): string {
  if (example === undefined) return '';
  const { response } = example;
  const shown = [
    ...(body === null ? [] : [`<pre>${escaped(JSON.stringify(example.body, null, 2))}</pre>`]),
    `<pre>${escaped(produces === 'application/json' ? JSON.stringify(response, null, 2) : String(response))}</pre>`,
  ];
  return `<details><summary>Example</summary>${shown.join('<p>is answered with</p>')}</details>`;
}

function limitSection(quotas: Quotas): string {
  if (quotas === null) return '<h2 id="limits">Limits</h2><p>This server does not limit requests.</p>';
  const rows = Object.entries(quotas).map(
    ([policy, quota]) => `<tr><td><code>${policy}</code></td><td>${wordsOf(quota)}</td></tr>`,
  );
  return `<h2 id="limits">Limits</h2><p>Requests of each user, or without a token of each address;
<code>signUp</code>, <code>signIn</code> and <code>badToken</code> always of the address. Beyond a limit a request is
answered with 429 and <code>Retry-After</code>. <code>RateLimit-Policy</code> and <code>RateLimit</code> say which limit a
call counts against, and what is left of it.</p><table><tbody>${rows.join('')}</tbody></table>`;
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
