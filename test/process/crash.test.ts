/**
 * A real process under concurrent load, killed with SIGKILL again and again at random moments. Its users remember
 * what they were told; after each restart all of that must be there. WARBLE_CRASHES and WARBLE_SEED make it longer
 * and other: `WARBLE_CRASHES=200 npm test -- test/process/crash.test.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom, type Random } from '#platform/random.ts';
import { signUp, type User } from '../support/client.ts';
import { MAIN, run, type Server, startServer, temporaryData } from '../support/server.ts';
import { checkFacts, checkViews, decideUnanswered } from './crash-checks.ts';
import { live } from './crash-load.ts';
import { createModel, type Model } from './crash-model.ts';

const CRASHES = Number(process.env.WARBLE_CRASHES ?? 5);
const SEED = Number(process.env.WARBLE_SEED ?? 1);
const USERS = 10;
/** Every third crash is followed by one while the server is still starting. */
const START_CRASH_EVERY = 3;

test(`killed ${CRASHES} times under load: what was answered is there, every home is right, nothing doubles`, async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const random = createSeededRandom(SEED);
  const { data, remove } = temporaryData();
  let server = await startServer({ data });
  t.after(async () => {
    await server.kill();
    remove();
  });
  const model = createModel();
  const users: User[] = [];
  for (let i = 0; i < USERS; i++) users.push(await signUp(() => server.url, `person${i}`));
  model.users = users.map(({ id }) => id);

  for (let crash = 1; crash <= CRASHES; crash++) {
    await loadUntilKilled({ server, model, users, random });
    if (crash % START_CRASH_EVERY === 0) await killWhileStarting(data, random);
    server = await startServer({ data });
    await decideUnanswered({ model, users });
    await checkFacts({ model, users });
  }
  await checkViews({ model, users });
  assert.equal(
    server
      .stderr()
      .split('\n')
      .filter((line) => /error/i.test(line))
      .join('\n'),
    '',
  );
  const { code } = await server.stop();
  assert.equal(code, 0);
  t.diagnostic(`${model.answered} actions answered, ${model.tweets.size} tweets`);
});

interface Round {
  server: Server;
  model: Model;
  users: User[];
  random: Random;
}

/** Everybody acts at once; after a random number of answers, in the middle of whatever is under way, the end. */
async function loadUntilKilled({ server, model, users, random }: Round): Promise<void> {
  let left = 30 + random.integer(200);
  let killed: Promise<void> | undefined;
  function onAnswer(): void {
    left--;
    if (left === 0) killed = afterwards(random.integer(20)).then(() => server.kill());
  }
  const lives = users.map((user) =>
    live({
      model,
      user,
      random: createSeededRandom(random.integer(2 ** 31)),
      killed: () => killed !== undefined,
      onAnswer,
    }),
  );
  await Promise.all(lives);
  await killed;
}

/** The moment is what is random here: nothing is waited for. */
function afterwards(duration_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration_ms));
}

async function killWhileStarting(data: string, random: Random): Promise<void> {
  const starting = run(process.execPath, [MAIN, 'serve', '--port', '0', '--data', data]);
  await afterwards(random.integer(1_500));
  starting.child.kill('SIGKILL');
  await starting.exited;
}
