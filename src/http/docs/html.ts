/** Pages without scripts: all text is escaped, and a policy allows nothing but one style sheet. */
import { hash } from 'node:crypto';
import type { FastifyReply } from 'fastify';

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as HTML shows it. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character]!);
}

/** Text with `code` in it. */
export function inline(text: string): string {
  return escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

const STYLE = `:root{color-scheme:light dark;--line:color-mix(in srgb,currentColor 18%,transparent);
--soft:color-mix(in srgb,currentColor 6%,transparent)}
*{box-sizing:border-box}body{margin:0 auto;max-width:62rem;padding:1.5rem 1rem 4rem;line-height:1.5;
font-family:system-ui,sans-serif}h1,h2,h3{line-height:1.2}h2{margin-top:3rem;border-bottom:1px solid var(--line)}
h3{margin:2rem 0 .25rem;font-size:1rem}code,pre{font-family:ui-monospace,monospace;font-size:.875rem}
pre{padding:.75rem 1rem;overflow-x:auto;background:var(--soft);border-radius:.5rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0;font-size:.875rem}
th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--line)}
code{overflow-wrap:anywhere}td:first-child{width:22%}td:nth-child(2){width:30%}
@media(max-width:40rem){td,td:first-child,td:nth-child(2){display:block;width:auto;border:0;padding:0}
tr{display:block;border-bottom:1px solid var(--line);padding:.25rem 0}}
.method{display:inline-block;min-width:4.5rem;font-weight:700}.quiet{opacity:.7;font-size:.875rem}
ol,ul{padding-left:1.25rem}li{margin:.35rem 0;overflow-wrap:anywhere}.text{white-space:pre-wrap}`;

const POLICY = `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Answers with a page. `body`: HTML whose text is already escaped. */
export function sendPage(
  reply: FastifyReply,
  { title, body }: { title: string; body: string },
): FastifyReply {
  return reply
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'cache-control': 'no-cache',
    })
    .send(
      `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escaped(title)}</title><style>${STYLE}</style></head><body>${body}</body></html>`,
    );
}
