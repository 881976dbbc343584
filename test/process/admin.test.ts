/** `npm run admin` as a host runs it: on a server that serves, on one that was killed, and without one. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { socketPlaceOf } from '#system/admin/socket-path.ts';
import { connect, signUp } from '../support/client.ts';
import { MAIN, run, startServer, temporaryData } from '../support/server.ts';

const { data, remove } = temporaryData();
const server = await startServer({ data });
after(async () => {
  await server.kill();
  remove();
});
const here = () => server.url;

/** Runs a command to its end, on the server's data unless `on` says otherwise. */
async function admin(args: string[], on: string | null = data) {
  const at = on === null ? [] : ['--data', on];
  const running = run(process.execPath, [MAIN, 'admin', ...args, ...at]);
  const { code } = await running.exited;
  return { code, out: running.stdout(), err: running.stderr() };
}
async function done(args: string[], on?: string): Promise<string> {
  const { code, out, err } = await admin(args, on);
  assert.equal(code, 0, err);
  return out;
}

test('without a command it lists them, and each says what it takes', async () => {
  const { code, out } = await admin([], null);
  assert.equal(code, 0);
  const names = [...out.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name!);
  assert.ok(names.includes('suspend') && names.includes('rebuild') && names.includes('audit-log'));
  const helps = await Promise.all(
    ['suspend', 'people', 'sign-up', 'rebuild'].map((name) => admin([name, '--help'], null)),
  );
  for (const { code: helped, out: help } of helps) {
    assert.equal(helped, 0);
    assert.match(help, /^npm run admin -- /);
    assert.match(help, /--data DIR/);
  }
});

test('what it cannot do it says in one line, ends with 1, and creates nothing', async () => {
  const typo = join(data, '..', 'typo');
  const former = join(data, 'former');
  mkdirSync(former);
  writeFileSync(join(former, 'ids.db'), '');
  const refused: [string[], RegExp, string | null][] = [
    [['constructor', 'x'], /There is no command constructor/, data],
    [['__proto__', 'x'], /There is no command __proto__/, data],
    [['suspend', 'nobody_here', '--reason', 'x'], /Nobody here has the handle nobody_here/, data],
    [['suspend', 'id:77', '--reason', 'x'], /There is no account with the id 77/, data],
    [['rebuild', 'constructor'], /There is no view constructor; there are top-lists/, data],
    [
      ['suspend', 'bob'],
      /--reason is missing; the command is `npm run admin -- suspend PERSON --reason "…"`/,
      data,
    ],
    [['suspend', '--reason', 'x'], /PERSON is missing; the command is/, data],
    [['sign-up', 'never'], /mode must be open, closed or invite/, data],
    [['people', 'bob'], /takes no argument "bob"/, data],
    [['people', '--reason', 'x'], /Unknown option '--reason'/, data],
    [['people'], /typo holds no data of this server/, typo],
    [['people'], /holds no data of this server/, join(MAIN, 'x')],
    [['people'], /former has format 0, and this version reads only format/, former],
  ];
  const answers = await Promise.all(refused.map(([args, , on]) => admin(args, on)));
  answers.forEach(({ code, out, err }, at) => {
    assert.equal(code, 1, err);
    assert.equal(out, '');
    assert.match(err, refused[at]![1]);
    assert.match(err, /^warble: [^\n]+\n$/, 'one line');
  });
  assert.ok(!existsSync(typo));
});

test('it acts on the server that runs, at once, and the audit log says who, from where and why', async () => {
  assert.equal(statSync(join(data, 'admin.sock')).mode & 0o777, 0o600);
  const bob = await signUp(here, 'bob');
  const { tweetId } = await bob.post('/postTweet', { content: 'buy my things' });
  assert.match(
    await done(['suspend', 'bob', '--reason', 'sells \u001b[31mthings\u202e']).catch(String),
    /control/,
  );
  assert.match(
    await done(['suspend', '@BOB', '--reason', 'sells things']),
    /^bob \(id 1\) is suspended now\.\n$/,
  );
  assert.equal((await bob.send('GET', '/me')).status, 401);
  assert.equal((await connect(here).send('GET', `/${bob.id}/profile`)).status, 404);
  await done(['reinstate', 'id:1', '--reason', 'was somebody else']);
  await done(['remove-tweet', tweetId, '--reason', 'all the same']);
  assert.equal((await connect(here).send('GET', `/tweets/${tweetId}`)).status, 404);
  const log = await done(['audit-log']);
  const told = log.split('\n').filter((line) => line.startsWith('2'));
  assert.deepEqual(
    told.map((line) => line.split(/ {2}/).slice(2).join(' ')),
    [
      `from socket tweet.removed id 1 tweet ${tweetId}`,
      'from socket account.reinstated id 1',
      'from socket account.suspended id 1',
    ],
  );
  assert.match(log, /^ {4}sells things$/m);
  const json = JSON.parse(await done(['audit-log', '--limit', '1', '--json']));
  assert.equal(json.entries.length, 1);
  assert.equal(json.next, json.entries[0].id);
  assert.match(
    await done(['audit-log', '--before', String(json.next), '--limit', '1']),
    /account\.reinstated/,
  );
});

test('a password, a handle, a role and sign-ups are changed while it serves', async () => {
  const ann = await signUp(here, 'ann');
  const [password] = /[a-z0-9-]{23}$/m.exec(await done(['reset-password', 'ann', '--reason', 'forgot it']))!;
  assert.equal((await ann.send('GET', '/me')).status, 401);
  const nobody = connect(here);
  const { token } = await nobody.post('/login', { handle: 'ann', password });
  assert.equal((await nobody.send('POST', '/login', { handle: 'ann', password })).status, 401);
  const back = connect(here, token);
  await back.post('/password', { current: password, new: 'another good sentence' });
  await done(['change-handle', 'ann', 'Annabel', '--reason', 'married']);
  await done(['make-moderator', 'annabel', '--reason', 'trusted']);
  const me = await back.get('/me');
  assert.deepEqual([me.handle, me.moderator], ['Annabel', true]);
  assert.match(await done(['people', '--moderators']), /Annabel/);
  assert.match(await done(['person', 'annabel']), /handle {6}ann,/);
  assert.match(await done(['end-sessions', 'annabel', '--reason', 'x']), /sessions ended: 1/);
  assert.equal((await back.send('GET', '/me')).status, 401);

  const cy = { handle: 'cy', password: 'a good sentence' };
  assert.match(await done(['sign-up', 'closed']), /closed/);
  assert.equal((await nobody.send('POST', '/signup', cy)).body.code, 'sign_up_closed');
  await done(['sign-up', 'invite']);
  const [code] = (await done(['invite', '--uses', '1'])).split('\n');
  assert.equal((await nobody.send('POST', '/signup', cy)).body.code, 'invalid_invite');
  await nobody.post('/signup', { ...cy, invite: code });
  assert.equal((await nobody.send('POST', '/signup', { ...cy, handle: 'di', invite: code })).status, 403);
  assert.match(await done(['sign-up', 'open']), /open/);
});

test('a view is rebuilt while it serves, and usage names every file and the largest users', async () => {
  const dee = await signUp(here, 'dee');
  for (const content of ['one', 'two']) await dee.post('/postTweet', { content });
  assert.equal(await done(['rebuild', 'top-lists']), 'top-lists is rebuilt from facts.\n');
  const usage = JSON.parse(await done(['usage', '--json']));
  const files = readdirSync(data).filter((name) => name.endsWith('.db') && name !== 'lock.db');
  assert.deepEqual(usage.databases.map(({ name }: { name: string }) => name).sort(), files.sort());
  assert.deepEqual(usage.mostTweets[0], { userId: Number(dee.id), handle: 'dee', count: 2 });
});

test('what a killed server left behind stands in nobody’s way, and without a server it does the same', async () => {
  const second = temporaryData();
  try {
    const killed = await startServer({ data: second.data });
    await signUp(() => killed.url, 'eve');
    await killed.kill();
    assert.ok(existsSync(join(second.data, 'admin.sock')), 'left behind');
    assert.match(await done(['suspend', 'eve', '--reason', 'x'], second.data), /suspended/);
    assert.match(await done(['audit-log'], second.data), /from command line {2}account\.suspended/);
    assert.match(await done(['rebuild', 'top-lists'], second.data), /at its next start/);
    const again = await startServer({ data: second.data });
    assert.match(await done(['reinstate', 'eve', '--reason', 'x'], second.data), /active/);
    assert.equal((await again.stop()).code, 0);
    assert.ok(!existsSync(join(second.data, 'admin.sock')));
  } finally {
    second.remove();
  }
});

test('where the path is too long for a socket it is in a private directory in the temporary one', async () => {
  const second = temporaryData();
  const long = join(second.data, 'x'.repeat(120));
  try {
    const served = await startServer({ data: long });
    await signUp(() => served.url, 'fay');
    assert.ok(!existsSync(join(long, 'admin.sock')));
    assert.match(await done(['suspend', 'fay', '--reason', 'x'], long), /suspended/);
    assert.match(await done(['audit-log'], long), /from socket/);
    const { directory, path } = socketPlaceOf(long);
    assert.equal(statSync(directory!).mode & 0o777, 0o700);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal((await served.stop()).code, 0);
    assert.ok(!existsSync(directory!), 'it goes with the server');
  } finally {
    second.remove();
  }
});
