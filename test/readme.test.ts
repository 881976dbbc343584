/**
 * Every example in README.md, run as a newcomer would run it: in a shell, in something that looks like a fresh clone,
 * with `npm start` itself. What a `text` block behind an example shows must be printed, line by line and in that
 * order; `…` stands for anything. Examples are run in the order in which they stand, on one server, except for
 *
 * - `sh serve`: a server in the foreground. It must get ready and, told to stop, end with 0.
 * - `sh not-run: why`: not run.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ERROR_CATALOGUE } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';
import { boundsOf } from '#system/bounds.ts';
import { quotasOf } from '#system/quotas.ts';

const ROOT = join(import.meta.dirname, '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
/** Far longer than all of it takes; ends what would hang. */
const TIMEOUT_MS = 150_000;

interface Schema {
  $ref?: string;
  enum?: string[];
  properties?: Record<string, unknown>;
}

interface Call {
  parameters?: { in: string; name: string }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

interface OpenApi {
  paths: Record<string, Record<string, Call>>;
  components: { schemas: Record<string, Schema> };
}

/** Every parameter of the query and every member of the body of a call. */
function inputsOf({ components }: OpenApi, { parameters = [], requestBody }: Call): string[] {
  const queries = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  const bodies = Object.values(requestBody?.content ?? {}).map(({ schema }) =>
    schema.$ref === undefined ? schema : components.schemas[schema.$ref.split('/').at(-1)!]!,
  );
  return [...queries, ...bodies.flatMap(({ properties = {} }) => Object.keys(properties))];
}

/** What API.md says once for many calls: who acts, and how a browser signs in. */
const SAID_ONCE = ['userId', 'session'];

interface Example {
  line: number;
  kind: 'run' | 'serve' | 'not-run';
  /** Of `not-run`. */
  reason: string;
  code: string;
  /** Lines that must be printed; `…` in them stands for anything. */
  prints: string[];
}

const FENCE = /^```(\S*) ?(.*)\n([\s\S]*?)^```$/gm;

function examplesIn(markdown: string): Example[] {
  const examples: Example[] = [];
  for (const { 1: language, 2: info, 3: code, index } of markdown.matchAll(FENCE)) {
    const line = markdown.slice(0, index).split('\n').length;
    if (language === 'text') {
      const example = examples.at(-1);
      assert.ok(example?.prints.length === 0, `line ${line}: this says what no example before it prints`);
      example.prints.push(...code!.trimEnd().split('\n'));
      continue;
    }
    assert.equal(language, 'sh', `line ${line}: an example is sh, what it prints is text`);
    const [, kind = 'run', reason = ''] =
      /^(?:(serve|not-run)(?:: (.+))?)?$/.exec(info!) ?? assert.fail(info);
    examples.push({ line, kind: kind as Example['kind'], reason, code: code!, prints: [] });
  }
  return examples;
}

function assertPrinted(printed: string, { prints, line }: Example): void {
  let rest = printed;
  for (const expected of prints) {
    const pattern = expected.trim().split('…').map(RegExp.escape).join('.*');
    const found = new RegExp(pattern).exec(rest);
    assert.ok(found, `README.md, line ${line}: "${expected}" is not printed. It prints:\n${printed}`);
    rest = rest.slice(found.index + found[0].length);
  }
}

/** A directory that is a clone to whoever works in it, without the copying: sources and packages are links. */
function makeClone(): string {
  const clone = mkdtempSync(join(tmpdir(), 'warble-readme-'));
  for (const name of ['package.json', 'package-lock.json', 'src']) {
    symlinkSync(join(ROOT, name), join(clone, name));
  }
  // Copied, so that it takes the clone for the project; and packages one by one, so that nothing reaches the real ones.
  cpSync(join(ROOT, 'scripts'), join(clone, 'scripts'), { recursive: true });
  mkdirSync(join(clone, 'node_modules'));
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.'))
      symlinkSync(join(ROOT, 'node_modules', name), join(clone, 'node_modules', name));
  }
  const stamp = join('node_modules', '.warble-installed');
  if (existsSync(join(ROOT, stamp))) copyFileSync(join(ROOT, stamp), join(clone, stamp));
  return clone;
}

/** This machine may have Node and nothing else: then `curl` is our own, for what the README does with it. */
function toolsFor(clone: string): string {
  if (spawnSync('curl', ['--version']).status === 0) return process.env.PATH!;
  const bin = join(clone, 'bin');
  mkdirSync(bin);
  const script = join(import.meta.dirname, 'support', 'curl.mjs');
  writeFileSync(join(bin, 'curl'), `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`, {
    mode: 0o755,
  });
  return `${bin}:${process.env.PATH}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const SHELL = spawnSync('bash', ['--version']).status === 0 ? 'bash' : 'sh';
const examples = examplesIn(README);
const toRun = examples.filter(({ kind }) => kind === 'run');

describe('The README', { timeout: TIMEOUT_MS }, () => {
  let clone: string;
  let env: NodeJS.ProcessEnv;
  const groups = new Set<ChildProcess>();
  let openApi: OpenApi | undefined;

  before(async () => {
    clone = makeClone();
    env = { ...process.env, PATH: toolsFor(clone), WARBLE_PORT: String(await freePort()) };
    // A newcomer has none of these, and a test runner inside a test runner reports elsewhere.
    for (const name of Object.keys(env)) {
      if (name.startsWith('WARBLE_') && name !== 'WARBLE_PORT') delete env[name];
      if (name.startsWith('npm_') || name === 'NODE_TEST_CONTEXT') delete env[name];
    }
  });
  after(async () => {
    for (const { pid } of groups) killGroup(pid!, 'SIGKILL');
    rmSync(clone, { recursive: true, force: true, maxRetries: 5 });
  });

  /** Runs a script with everything that it starts in one process group, so that nothing can be left running. */
  function shell(script: string, extra: NodeJS.ProcessEnv = {}) {
    const child = spawn(SHELL, ['-c', script], {
      cwd: clone,
      env: { ...env, ...extra },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    groups.add(child);
    const out = { printed: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out.printed += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      out.printed += text;
    });
    return { child, out, closed: once(child, 'close') as Promise<[number | null]> };
  }

  test('says why an example is not run', () => {
    for (const { kind, reason, line } of examples) {
      if (kind === 'not-run') assert.ok(reason.length > 10, `line ${line}: say why`);
    }
    assert.ok(toRun.length >= 10, 'most examples are run');
  });

  test('prints what it says it prints, from sign-up to backup', async () => {
    const mark = (index: number) => `\necho; echo "=== ${index} ==="\n`;
    const script = toRun.map(({ code }, index) => mark(index) + code).join('');
    const { out, closed } = shell(`exec 2>&1\n${script}${mark(toRun.length)}`);
    const [code] = await closed;
    for (const [index, example] of toRun.entries()) {
      const printed = out.printed.split(`=== ${index} ===\n`)[1]?.split('\n=== ')[0];
      assert.ok(printed !== undefined, `line ${example.line} was not reached:\n${out.printed}`);
      assertPrinted(printed, example);
    }
    assert.equal(code, 0);
  });

  for (const example of examples.filter(({ kind }) => kind === 'serve')) {
    const lastLine = example.code.trim().split('\n').at(-1)!;
    test(`serves: ${lastLine}`, async () => {
      const data = join(clone, `data-line-${example.line}`);
      // The last command is the server: it takes the shell's place, as signals to a terminal reach it too.
      const script = example.code.trimEnd().replace(/^(?=npm .*$(?![\s\S]))/m, 'exec ');
      const { child, out, closed } = shell(script, { WARBLE_PORT: '0', WARBLE_DATA: data });
      const url = await new Promise<string>((resolve, reject) => {
        const look = () => {
          const found = /Warble is ready at (\S+)[\s\S]*\n$/.exec(out.printed);
          if (found) resolve(found[1]!);
        };
        child.stdout!.on('data', look);
        child.stderr!.on('data', look);
        child.on('close', () => reject(new Error(`it ended:\n${out.printed}`)));
      });
      assert.deepEqual(await (await fetch(`${url}/health/ready`)).json(), { status: 'ready' });
      assert.equal((await fetch(url)).status, 200);
      openApi ??= (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi;
      child.kill('SIGTERM');
      assert.deepEqual(await closed, [0, null], out.printed);
      assertPrinted(out.printed, example);
      assert.equal(isAlive(child.pid!), false, 'something was left running');
    });
  }

  test('names every setting that there is', () => {
    const source = readFileSync(join(ROOT, 'src/system/config.ts'), 'utf8');
    const settings = new Set(source.match(/WARBLE_[A-Z_]+/g));
    assert.ok(settings.size >= 8);
    for (const name of settings) assert.ok(README.includes(`| \`${name}\``), `${name} is missing`);
  });

  test('has every call in docs/API.md, with what it takes, and no other', () => {
    const text = readFileSync(join(ROOT, 'docs/API.md'), 'utf8');
    assert.ok(openApi, 'it comes from a server that was started above');
    const document: OpenApi = openApi;
    const there = new Set<string>();
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, call] of Object.entries(methods)) {
        const name = `\`${method.toUpperCase()} ${path.replace('/api/v1', '')}\``;
        there.add(name);
        const said = text.split('\n').filter((line) => line.includes(name));
        assert.ok(said.length > 0, `${name} is missing`);
        // A call without a row has a section of its own.
        const where = said.some((line) => line.startsWith('|')) ? said.join('\n') : text;
        for (const input of inputsOf(document, call)) {
          const isSaid = new RegExp(`\`${input}[\`=]`).test(where) || SAID_ONCE.includes(input);
          assert.ok(isSaid, `${name} lacks ${input}`);
        }
      }
    }
    for (const [name] of text.matchAll(/(?<=^\|.*)`(?:GET|POST|PUT|DELETE) \/[^`]*`/gm)) {
      assert.ok(there.has(name), `there is no ${name}`);
    }
  });

  test('has every choice that calls offer or give in docs/API.md', () => {
    const text = readFileSync(join(ROOT, 'docs/API.md'), 'utf8');
    assert.ok(openApi, 'it comes from a server that was started above');
    const document: OpenApi = openApi;
    for (const [title, { enum: names = [] }] of Object.entries(document.components.schemas)) {
      for (const name of names) {
        assert.match(text, new RegExp(`[\`"=|]${name}[\`"|]`), `${name} of ${title} is missing`);
      }
    }
  });

  test('has every error, limit and bound in docs/API.md', () => {
    const text = readFileSync(join(ROOT, 'docs/API.md'), 'utf8');
    const names = [() => quotasOf('?'), () => boundsOf('?')].flatMap((read) => {
      let known = '';
      assert.throws(read, ({ message }: Error) => {
        known = /where NAME is one of ([\w, ]+)\./.exec(message)![1]!;
        return true;
      });
      return known.split(', ');
    });
    assert.ok(names.length > 15);
    for (const name of [...Object.keys(ERROR_CATALOGUE), ...names]) {
      assert.ok(text.includes(`\`${name}\``), `${name} is missing`);
    }
  });

  test('has every decision in their index', () => {
    const folder = join(ROOT, 'docs/decisions');
    const index = readFileSync(join(folder, 'README.md'), 'utf8');
    for (const name of readdirSync(folder)) {
      if (name !== 'README.md')
        assert.ok(index.includes(`(${name})`), `docs/decisions/README.md lacks ${name}`);
    }
  });

  test('says how long a text may be, as the other documents do', () => {
    const { textGraphemes, textBytes } = LIMITS;
    const says = [
      ['README.md', `tweets of ${textGraphemes} characters`],
      ['README.md', `**${textGraphemes} characters, not ${textGraphemes + 1}.**`],
      ['ARCHITECTURE.md', `at most ${textGraphemes} of what a reader sees as one character`],
      ['docs/API.md', `1 to ${textGraphemes} characters long`],
      ['docs/API.md', `at most ${textBytes.toLocaleString('en')} bytes of UTF-8`],
    ] as const;
    const read = (name: string) => readFileSync(join(ROOT, name), 'utf8').replaceAll('\n', ' ');
    assert.deepEqual(
      says.filter(([name, words]) => !read(name).includes(words)),
      [],
    );
  });

  test('leads only to files that exist, as the other documents do', () => {
    const documents = [
      'README.md',
      'ARCHITECTURE.md',
      'CONTRIBUTING.md',
      ...['docs', 'docs/decisions'].flatMap((folder) =>
        readdirSync(join(ROOT, folder))
          .filter((name) => name.endsWith('.md'))
          .map((name) => `${folder}/${name}`),
      ),
    ];
    for (const name of documents) {
      const text = readFileSync(join(ROOT, name), 'utf8');
      for (const { 1: target } of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
        assert.ok(existsSync(join(ROOT, name, '..', target!)), `${name} leads to ${target}`);
      }
      // Paths of sources, as `src/queue/view.ts`.
      for (const { 1: target } of text.matchAll(/`((?:src|test|bench|scripts|docs|deploy)\/[\w./-]*\w)`/g)) {
        assert.ok(existsSync(join(ROOT, target!)), `${name} names ${target}`);
      }
    }
  });
});

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Everything has ended.
  }
}

/** Whether anything of a process group is. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}
