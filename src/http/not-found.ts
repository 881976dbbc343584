/** Requests that match no route: 404, 405 with Allow, and OPTIONS. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { notFound, WarbleError } from '#domain/errors.ts';
import { allowMethods } from './cors.ts';

interface Pattern {
  segments: string[];
  methods: Set<string>;
}

/** Answers requests that match no route, and OPTIONS of every route. Call it before routes are added. */
export function registerNotFound(app: FastifyInstance): void {
  const patterns = new Map<string, Pattern>();
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = patterns.get(url) ?? { segments: url.split('/'), methods: new Set() };
    patterns.set(url, pattern);
    for (const name of [method].flat()) pattern.methods.add(name);
  });
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const allowed = allowedMethods(patterns.values(), request.url);
    if (allowed.length === 0) {
      throw notFound('There is no such call; /docs lists them all.');
    }
    reply.header('allow', ['OPTIONS', ...allowed].join(', '));
    if (request.method === 'OPTIONS') {
      allowMethods(request, reply, allowed);
      return reply.code(204).send();
    }
    throw new WarbleError('method_not_allowed', `This call takes ${allowed.join(', ')}.`);
  });
}

/** The methods of a path. Static segments win over parameters, as in the router. */
function allowedMethods(patterns: Iterable<Pattern>, url: string): string[] {
  const mark = url.indexOf('?');
  const path = (mark < 0 ? url : url.slice(0, mark)).split('/');
  let best: Pattern[] = [];
  let bestStatic = -1;
  for (const pattern of patterns) {
    const statics = matches(pattern.segments, path);
    if (statics < bestStatic) continue;
    if (statics > bestStatic) best = [];
    bestStatic = statics;
    if (statics >= 0) best.push(pattern);
  }
  return [...new Set(best.flatMap(({ methods }) => [...methods]))].sort();
}

/** How many of a path's segments are static in a pattern; -1 if it does not match. */
function matches(pattern: string[], path: string[]): number {
  if (pattern.length !== path.length) return -1;
  let statics = 0;
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === path[i]) statics++;
    else if (!pattern[i]!.startsWith(':') || path[i] === '') return -1;
  }
  return statics;
}
