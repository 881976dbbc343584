/**
 * Over real HTTP, the load generator in a process of its own: home pages of 20 hydrated tweets against a constant body
 * of the same size from the same server, and posts with durable answers.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { createSeededRandom, type Random } from '#platform/random.ts';
import { type Serving, startServing } from '#system/serve.ts';
import type { LoadPlan, LoadResult } from './load.ts';
import { printRow } from './report.ts';

const PEOPLE = 400;
const FOLLOWS_EACH = 40;
const TWEETS = 4_000;
const LIKES = 12_000;
const COMMENTS = 2_000;
/** Signed in: each has a token and reads their own home. */
const READERS = 200;
const traceId = 'bench';

export async function benchHttp({ seconds }: { seconds: number }): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'warble-bench-'));
  const constant = { body: '' };
  const serving = await startServing(
    {
      host: '127.0.0.1',
      port: 0,
      data: directory,
      rateLimits: 'off',
      trustedProxies: [],
      metricsToken: null,
      logLevel: 'silent',
      region: 'local',
    },
    pino({ level: 'silent' }),
    { beforeListening: (app) => addConstantRoute(app, constant) },
  );
  try {
    const tokens = await fill(serving, createSeededRandom(1));
    const home = '/api/v1/me/tweets?followed=true&limit=20';
    const first = await fetch(serving.url + home, { headers: { authorization: `Bearer ${tokens[0]}` } });
    constant.body = await first.text();
    const plan = { url: serving.url, tokens, seconds };
    await load({ ...plan, method: 'GET', path: home, seconds: 3 });
    const floor = await measured('constant body, same server', {
      ...plan,
      method: 'GET',
      path: '/bench/constant',
    });
    const homes = await measured('home pages of 20 tweets', { ...plan, method: 'GET', path: home });
    printRow('home page to constant body', {
      ratio: homes.perSecond / floor.perSecond,
      bytes: constant.body.length,
    });
    await measured('posts, durable', {
      ...plan,
      method: 'POST',
      path: '/api/v1/postTweet',
      body: { content: 'A tweet from the bench.' },
    });
  } finally {
    await serving.stop();
    rmSync(directory, { recursive: true });
  }
}

function addConstantRoute(app: FastifyInstance, constant: { body: string }): void {
  app.get('/bench/constant', (_request, reply) => {
    reply.header('content-type', 'application/json; charset=utf-8');
    reply.send(constant.body);
  });
}

/** People who follow, tweet, like and comment; returns the readers' tokens. */
async function fill(serving: Serving, random: Random): Promise<string[]> {
  const { system, api } = serving;
  const { social, tweets, engagement, timeline } = system.services;
  const tokens: string[] = [];
  const people: number[] = [];
  for (let person = 0; person < PEOPLE; person++) {
    if (person < READERS) {
      const { userId, token } = await api.accounts.signUp({
        handle: `reader_${person}`,
        password: 'bench-bench-bench',
        name: `Reader ${person}`,
        device: 'bench',
      });
      people.push(userId);
      tokens.push(token);
    } else {
      const userId = 1_000_000 + person;
      await social.createPerson({
        userId,
        handle: `author_${person}`,
        name: `Author ${person}`,
        time: Date.now(),
      });
      people.push(userId);
    }
  }
  const any = () => people[random.integer(people.length)]!;
  const inGroups = async (count: number, act: () => Promise<unknown>) => {
    for (let done = 0; done < count; done += 200)
      await Promise.all(Array.from({ length: Math.min(200, count - done) }, act));
  };
  for (const follower of people) {
    await inGroups(FOLLOWS_EACH, async () => {
      const followee = any();
      if (followee !== follower) await social.follow({ follower, followee, private: false, traceId });
    });
  }
  const ids: number[] = [];
  const text = { images: [], mentioned: {}, appId: null, idempotency: null, traceId };
  await inGroups(TWEETS, async () => {
    const content = `A tweet of usual length, about nothing in particular, number ${ids.length}, with a #hashtag`;
    ids.push((await tweets.post({ author: any(), content, ...text })).tweetId);
  });
  const recent = () => ids[ids.length - 1 - random.integer(Math.min(ids.length, 1_000))]!;
  await inGroups(LIKES, () => engagement.like({ actor: any(), tweetId: recent(), traceId }));
  await inGroups(COMMENTS, () =>
    engagement.comment({
      actor: any(),
      tweetId: recent(),
      content: 'Indeed!',
      mentioned: {},
      idempotency: null,
      traceId,
    }),
  );
  for (const reader of people.slice(0, READERS))
    await timeline.home({ reader, own: false, place: null, limit: 20 });
  return tokens;
}

async function measured(what: string, plan: LoadPlan): Promise<LoadResult> {
  const result = await load(plan);
  printRow(what, {
    'requests/s': result.perSecond,
    'p50 ms': result.p50_ms,
    'p99 ms': result.p99_ms,
    failed: result.failed,
  });
  return result;
}

function load(plan: LoadPlan): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('load.ts', import.meta.url))], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve(JSON.parse(output)) : reject(new Error(`the load ended with ${code}`)),
    );
    child.stdin.end(JSON.stringify(plan));
  });
}
