/**
 * One address and one account that misbehave, in a process of its own: reads a plan from standard input, attacks in one
 * way until the time is up, and prints how often it started over.
 */
import { connect, type Socket } from 'node:net';
import { constants, setPriority } from 'node:os';
import { text } from 'node:stream/consumers';

export type Attack = (typeof ATTACKS)[number];
export const ATTACKS = [
  'takes nothing of answers',
  'holds idle connections',
  'asks for notifications',
  'sends bodies byte by byte',
  'uploads the largest pictures',
  'tries passwords',
  'shows bad tokens',
  'asks for pages',
] as const;

export interface AttackPlan {
  url: string;
  attack: Attack;
  address: string;
  token: string;
  seconds: number;
  /** A picture of 50 megapixels, base64. */
  picture: string;
}

const MAX_CONNECTIONS = 400;
const REOPEN_MS = 50;

async function main(): Promise<void> {
  // An attacker has a machine of their own. Here they take what the server and the stranger leave of the cores.
  setPriority(constants.priority.PRIORITY_LOW);
  const plan = JSON.parse(await text(process.stdin)) as AttackPlan;
  const { hostname, port } = new URL(plan.url);
  const open = new Set<Socket>();
  const until = performance.now() + plan.seconds * 1_000;
  const { count, begin } = behaviourOf(plan);
  let begun = 0;
  while (performance.now() < until) {
    while (open.size < Math.min(count, MAX_CONNECTIONS)) {
      const socket = connect({ host: hostname, port: Number(port), localAddress: plan.address });
      open.add(socket);
      begun++;
      socket.on('error', () => {});
      socket.on('close', () => open.delete(socket));
      begin(socket);
    }
    await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
  }
  for (const socket of open) socket.destroy();
  process.stdout.write(JSON.stringify({ begun }));
}

interface Behaviour {
  /** Concurrent connections. */
  count: number;
  begin(socket: Socket): void;
}

function behaviourOf({ attack, token, picture }: AttackPlan): Behaviour {
  const get = (path: string, head = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${head}\r\n`;
  const post = (path: string, body: string | Buffer, head = '') =>
    Buffer.concat([
      Buffer.from(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n${head}\r\n`),
      Buffer.from(body),
    ]);
  const json = 'Content-Type: application/json\r\n';
  const signedIn = `Authorization: Bearer ${token}\r\n`;
  /** Sends again whenever something is answered. */
  const flood = (request: string | Buffer) => (socket: Socket) => {
    socket.write(request);
    socket.on('data', (data) => {
      if (data.includes('HTTP/1.1')) socket.write(request);
    });
  };
  switch (attack) {
    case 'takes nothing of answers':
      return {
        count: MAX_CONNECTIONS,
        begin(socket) {
          socket.pause();
          socket.write(get('/api/v1/tweets?limit=100').repeat(10));
        },
      };
    case 'holds idle connections':
      return { count: MAX_CONNECTIONS, begin: (socket) => socket.resume().write(get('/health/live')) };
    case 'asks for notifications':
      return { count: 100, begin: flood(get('/api/v1/me/notifications?limit=100', signedIn)) };
    case 'sends bodies byte by byte':
      return {
        count: MAX_CONNECTIONS,
        begin: (socket) =>
          socket.write(`POST /api/v1/login HTTP/1.1\r\nHost: x\r\n${json}Content-Length: 99\r\n\r\n{`),
      };
    case 'uploads the largest pictures': {
      const border = 'warble-bench';
      const body = Buffer.concat([
        Buffer.from(
          `--${border}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n`,
        ),
        Buffer.from(picture, 'base64'),
        Buffer.from(`\r\n--${border}--\r\n`),
      ]);
      const head = `Content-Type: multipart/form-data; boundary=${border}\r\n${signedIn}`;
      return { count: 4, begin: flood(post('/api/v1/media', body, head)) };
    }
    case 'tries passwords': {
      const body = JSON.stringify({ handle: 'nobody', password: 'a guess at a password' });
      return { count: 80, begin: flood(post('/api/v1/login', body, json)) };
    }
    case 'shows bad tokens':
      return { count: 20, begin: flood(get('/api/v1/me', `Authorization: Bearer ${'x'.repeat(43)}\r\n`)) };
    case 'asks for pages':
      return { count: 20, begin: flood(get('/docs')) };
  }
}

if (import.meta.main) await main();
