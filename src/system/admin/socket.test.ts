/** The socket for administration: who may connect, and how it answers malformed requests. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { systemClock } from '#platform/clock.ts';
import { eventually } from '#test/support/client.ts';
import { ConfigError } from '../config-error.ts';
import { COMMAND_NAMES, commandOf, readArguments } from './commands.ts';
import { printable } from './printable.ts';
import { ask, connectAdmin } from './socket-client.ts';
import { socketPlaceOf } from './socket-path.ts';
import { openAdminSocket } from './socket-server.ts';

function newData(t: TestContext, name = 'data'): string {
  const directory = mkdtempSync(join(tmpdir(), 'warble-admin-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const data = join(directory, name);
  mkdirSync(data);
  writeFileSync(join(data, 'lock.db'), '');
  return data;
}

/** A socket on an administration with one account. */
async function open(t: TestContext, data: string, byHandle = async () => ({ userId: 7, handle: 'bob' })) {
  const suspended: object[] = [];
  const administration = { byHandle, suspend: async (request: object) => void suspended.push(request) };
  const socket = await openAdminSocket({
    data,
    deps: { system: {}, api: { administration }, clock: systemClock } as never,
    logger: pino({ level: 'silent' }),
  });
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= socket.close());
  t.after(close);
  return { path: socket.path, suspended, close };
}

const SUSPEND = { command: 'suspend', args: { person: 'bob', reason: 'x' }, by: 'root' };

/** Everything that the server answers until it closes the connection. */
async function say(path: string, text: string | Buffer): Promise<string> {
  const socket = connect(path);
  socket.on('error', () => {});
  let heard = '';
  socket.setEncoding('utf8').on('data', (more) => {
    heard += more;
  });
  socket.write(text);
  // Not `once`, which rejects on an error.
  await new Promise((resolve) => socket.on('close', resolve));
  return heard;
}

test('a command is run for the owner, who alone can connect', async (t) => {
  const data = newData(t);
  const { path, suspended } = await open(t, data);
  assert.equal(path, join(data, 'admin.sock'));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const answer = await ask((await connectAdmin(data))!, SUSPEND, () => {});
  assert.deepEqual(answer, { who: 'bob (id 7)' });
  assert.deepEqual(suspended, [{ userId: 7, by: 'root', from: 'socket', reason: 'x' }]);
});

test('malformed or too long requests and unknown commands are refused, and do nothing', async (t) => {
  const { path, suspended } = await open(t, newData(t));
  const requests: [string, RegExp][] = [
    ['{"command":', /not a request/],
    ['[]', /not a request/],
    ['null', /not a request/],
    [JSON.stringify({ ...SUSPEND, args: { person: 7 } }), /not a request/],
    [JSON.stringify({ ...SUSPEND, by: undefined }), /not a request/],
    [JSON.stringify({ ...SUSPEND, by: 'x'.repeat(65) }), /not a request/],
    [JSON.stringify({ ...SUSPEND, command: 'constructor' }), /There is no command constructor/],
    [JSON.stringify({ ...SUSPEND, args: { person: 'bob', reason: 'x', more: 'y' } }), /more/],
    [JSON.stringify({ ...SUSPEND, args: { person: 'bob' } }), /reason is required/],
  ];
  for (const [line, said] of requests) {
    const heard = await say(path, `${line}\n`);
    assert.match(heard, said);
    assert.match(heard, /^\{"error":.*\}\n$/);
  }
  // The answer may be lost when the server closes with unread data.
  assert.match(await say(path, 'x'.repeat(1_000_000)), /^$|too long/);
  assert.deepEqual(suspended, []);
});

test('the error of a failed command reveals nothing internal', async (t) => {
  const { path } = await open(t, newData(t), async () => {
    throw new TypeError('a secret of the inside');
  });
  const heard = await say(path, `${JSON.stringify(SUSPEND)}\n`);
  assert.match(heard, /the log of the server says why/);
  assert.ok(!heard.includes('secret'));
});

test('silent clients are limited in number, and are disconnected when the server stops', async (t) => {
  const { path, close } = await open(t, newData(t));
  const silent = await Promise.all(Array.from({ length: 40 }, () => opened(path)));
  for (const socket of silent) socket.resume();
  const held = () => silent.filter(({ destroyed }) => !destroyed).length;
  await eventually(async () => assert.ok(held() <= 16, 'the others are let go at once'));
  await close();
  await eventually(async () => assert.equal(held(), 0));
  assert.ok(!existsSync(path));
});

test('a client that the server disconnects without an answer gets an error that says so', async (t) => {
  const data = newData(t);
  const { path } = await open(t, data);
  const silent = await Promise.all(Array.from({ length: 16 }, () => opened(path)));
  const socket = await connectAdmin(data);
  await assert.rejects(
    ask(socket!, SUSPEND, () => {}),
    (error) => {
      assert.ok(error instanceof ConfigError);
      return /closed the connection before it answered/.test(error.message);
    },
  );
  for (const each of silent) each.destroy();
});

async function opened(path: string): Promise<Socket> {
  const socket = connect(path);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}
test('without a server there is no connection, even where a killed process left its socket', async (t) => {
  const data = newData(t);
  assert.equal(await connectAdmin(data), undefined);
  writeFileSync(join(data, 'admin.sock'), 'left behind');
  assert.equal(await connectAdmin(data), undefined);
  await open(t, data);
  assert.ok(await connectAdmin(data).then((socket) => socket?.destroy()));
});

test('with too long a path the socket is in a private directory, and never in one of another user', async (t) => {
  const data = newData(t, 'd'.repeat(110));
  const { directory } = socketPlaceOf(data);
  t.after(() => rmSync(directory!, { recursive: true, force: true }));
  const elsewhere = newData(t);
  symlinkSync(elsewhere, directory!);
  await assert.rejects(open(t, data), /belongs to somebody else/);
  await assert.rejects(connectAdmin(data), /belongs to somebody else/);
  rmSync(directory!);
  mkdirSync(directory!);
  chmodSync(directory!, 0o777);
  await assert.rejects(open(t, data), /open to others/);
  await assert.rejects(connectAdmin(data), /open to others/);
  rmSync(directory!, { recursive: true });
  const { close } = await open(t, data);
  await ask((await connectAdmin(data))!, SUSPEND, () => {});
  await close();
  assert.ok(!existsSync(directory!));
});

test('every command has a summary and arguments that can be read, positional ones and paths among them', () => {
  for (const name of COMMAND_NAMES) {
    const command = commandOf(name);
    const { summary, args, positional, paths } = command;
    assert.ok(summary.length > 0 && summary.length < 80, name);
    for (const field of [...positional, ...paths]) assert.ok(Object.hasOwn(args.properties, field), name);
    assert.throws(() => readArguments(command, { unknown: 'x' }), /unknown/);
  }
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    assert.throws(() => commandOf(name), /There is no command/);
  }
});

test('nothing that is printed can control a terminal', () => {
  assert.equal(printable('a\u001b[31m\u202eb\r\nc\u0085'), 'a\\u{1b}[31m\\u{202e}b\\u{d}\\u{a}c\\u{85}');
  assert.equal(printable('naïve 👩‍👩‍👧 日本'), 'naïve 👩‍👩‍👧 日本');
});
