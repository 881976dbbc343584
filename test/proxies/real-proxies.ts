/** The real nginx and Caddy on free ports of loopback, with the configurations of deploy/, in front of a server. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/client.ts';
import { ROOT, type Running, run } from '../support/server.ts';

/** The host that deploy/ names. */
export const HOST = 'warble.example';

export interface Workshop {
  directory: string;
  /** A certificate for HOST, made by itself, and its key. */
  certificate: string;
  key: string;
  remove(): void;
}

/** A temporary directory with a certificate. */
export function openWorkshop(): Workshop {
  const directory = mkdtempSync(join(tmpdir(), 'warble-proxies-'));
  const [certificate, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const subject = ['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`];
  const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const files = ['-keyout', key, '-out', certificate];
  execFileSync('openssl', ['req', '-x509', ...algorithm, ...subject, ...files], { stdio: 'pipe' });
  return { directory, certificate, key, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

export interface RunningProxy {
  /** Port of HTTPS, on 127.0.0.1. */
  port: number;
  /** Port of HTTP without TLS. */
  plainPort: number;
  stop(): Promise<void>;
}

export interface ProxyOptions {
  workshop: Workshop;
  /** Port of the server behind it. */
  upstream: number;
  /** A configuration in place of that of deploy/. */
  configuration?: string;
}

/** A port that was free just now: neither proxy can say which one it was given. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Replaces texts, each of which must be there. */
function replaced(text: string, replacements: Record<string, string>): string {
  let result = text;
  for (const [from, to] of Object.entries(replacements)) {
    assert.ok(result.includes(from), `the configuration has ${from}`);
    result = result.replaceAll(from, to);
  }
  return result;
}

function deployed(path: string): string {
  return readFileSync(join(ROOT, 'deploy', path), 'utf8');
}

/** What nginx keeps on disk by the way, in system directories unless it is told otherwise. */
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

export async function startNginx({ workshop, upstream, configuration }: ProxyOptions): Promise<RunningProxy> {
  const [port, plainPort] = [await freePort(), await freePort()];
  const directory = mkdtempSync(join(workshop.directory, 'nginx-'));
  for (const name of TEMPORARY) mkdirSync(join(directory, name));
  const site = replaced(configuration ?? deployed('nginx/warble.conf'), {
    '  listen [::]:80;\n': '',
    '  listen [::]:443 ssl http2;\n': '',
    'listen 80;': `listen 127.0.0.1:${plainPort};`,
    'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
    '/etc/letsencrypt/live/warble.example/fullchain.pem': workshop.certificate,
    '/etc/letsencrypt/live/warble.example/privkey.pem': workshop.key,
    '127.0.0.1:3000': `127.0.0.1:${upstream}`,
  });
  writeFileSync(join(directory, 'warble.conf'), site);
  const temporary = TEMPORARY.map((name) => `${name}_temp_path ${join(directory, name)};`);
  const main = [
    // Its workers could not enter the temporary directory as anybody else.
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    'daemon off;',
    'worker_processes 1;',
    `pid ${join(directory, 'pid')};`,
    'error_log stderr warn;',
    'events { worker_connections 1024; }',
    `http { access_log off; ${temporary.join(' ')} include ${join(directory, 'warble.conf')}; }`,
  ];
  writeFileSync(join(directory, 'nginx.conf'), `${main.join('\n')}\n`);
  const args = ['-e', 'stderr', '-p', directory, '-c', join(directory, 'nginx.conf')];
  return await listening(run('nginx', args, { env: systemPath() }), { port, plainPort });
}

export async function startCaddy({ workshop, upstream, configuration }: ProxyOptions): Promise<RunningProxy> {
  const [port, plainPort] = [await freePort(), await freePort()];
  const directory = mkdtempSync(join(workshop.directory, 'caddy-'));
  const options = `{\n\tadmin off\n\thttp_port ${plainPort}\n\thttps_port ${port}\n}\n`;
  const own = `\tbind 127.0.0.1\n\ttls ${workshop.certificate} ${workshop.key}\n`;
  const file = join(directory, 'Caddyfile');
  const site = replaced(configuration ?? deployed('caddy/Caddyfile'), {
    [`\n${HOST} {\n`]: `\n${HOST} {\n${own}`,
    '127.0.0.1:3000': `127.0.0.1:${upstream}`,
  });
  writeFileSync(file, options + site);
  const env = { ...systemPath(), HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
  const args = ['run', '--adapter', 'caddyfile', '--config', file];
  return await listening(run('caddy', args, { env }), { port, plainPort });
}

/** nginx is in sbin, which not everybody's path has. */
function systemPath(): { PATH: string } {
  return { PATH: `${process.env.PATH ?? ''}:/usr/sbin` };
}

async function listening(
  running: Running,
  ports: { port: number; plainPort: number },
): Promise<RunningProxy> {
  let ended: string | undefined;
  running.exited.then(
    ({ code }) => {
      ended = `it ended with ${code}: ${running.stderr()}`;
    },
    (error: Error) => {
      ended = error.message;
    },
  );
  await eventually(async () => {
    assert.equal(ended, undefined);
    const socket = connect(ports.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
  });
  return {
    ...ports,
    async stop() {
      running.child.kill('SIGTERM');
      await running.exited;
    },
  };
}
