/**
 * How long functions are, checked: of what stands in it alone a function has at most MAX_LINES. The lines of functions
 * inside it are theirs, where they are within the bound themselves; their first lines, where they are named or handed
 * over, stay their holder's. So a factory or a `describe` may hold as many small functions as its file allows.
 * Prints each that is longer as `file:line: name`; exit code 1 when there is one.
 *
 * Node itself takes the types away (and leaves blanks, so that lines stay what they are); acorn parses the rest.
 */
import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { type AnyNode, parse } from 'acorn';

const MAX_LINES = 70;
const GLOBS = ['src/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts', 'scripts/*.{ts,mjs}'];

/** A function and what is counted of it. */
export interface FunctionLines {
  name: string;
  /** Where it begins, from 1. */
  line: number;
  /** Its lines without those of the functions inside it that are within the bound. */
  own: number;
}

type Spanned = AnyNode & { loc: { start: { line: number }; end: { line: number } } };

/** The functions of a module that are longer than `max`. Throws a SyntaxError where it is no erasable TypeScript. */
export function longFunctions(source: string, max: number): FunctionLines[] {
  const program = parse(stripTypeScriptTypes(source), {
    ecmaVersion: 'latest',
    sourceType: 'module',
    allowHashBang: true,
    locations: true,
  });
  const long: FunctionLines[] = [];

  /** Adds the long functions below a node to `long`; returns how many lines short ones take from their holder. */
  function visit(node: AnyNode, name: string): number {
    let inner = 0;
    for (const [key, value] of Object.entries(node)) {
      for (const child of [value].flat()) if (isNode(child)) inner += visit(child, nameOf(node, key) ?? name);
    }
    if (!isFunction(node)) return inner;
    const { start, end } = (node as Spanned).loc;
    const own = end.line - start.line + 1 - inner;
    if (own <= max) return end.line - start.line;
    long.push({ name: nameOf(node, 'body') ?? name, line: start.line, own });
    return inner;
  }
  visit(program, '(module)');
  return long;
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && typeof (value as Partial<AnyNode>).type === 'string';
}

function isFunction({ type }: AnyNode): boolean {
  return (
    type === 'FunctionDeclaration' || type === 'FunctionExpression' || type === 'ArrowFunctionExpression'
  );
}

/** What a node calls that which stands under `key`: a declaration, a property, or a call that it is handed to. */
function nameOf(node: AnyNode, key: string): string | undefined {
  if (node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression') return node.id?.name;
  if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier') return node.id.name;
  if (node.type === 'Property' && node.key.type === 'Identifier') return node.key.name;
  if (node.type !== 'CallExpression' || key !== 'arguments') return undefined;
  const [first] = node.arguments;
  return first?.type === 'Literal' && typeof first.value === 'string' ? first.value : undefined;
}

if (import.meta.main) {
  const files = globSync(GLOBS).map((file) => file.replaceAll('\\', '/'));
  for (const file of files.sort()) {
    for (const { name, line, own } of longFunctions(readFileSync(file, 'utf8'), MAX_LINES)) {
      console.error(
        `${file}:${line}: ${name}: ${own} lines; more than ${MAX_LINES} want to be two functions`,
      );
      process.exitCode = 1;
    }
  }
}
