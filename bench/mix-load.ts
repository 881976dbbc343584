/**
 * The open-loop load, in a process of its own: reads a plan from standard input and prints the result. Requests fall
 * due at a fixed pace, however slow the answers, and latency counts from the moment at which a request was due. So a
 * server that stalls is charged for every request that would have come meanwhile.
 */
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface MixPlan {
  url: string;
  /** Requests are made for these users in turn. */
  tokens: string[];
  seconds: number;
  /** Seconds of warm-up at the same pace, not counted: this process compiles its code and opens its connections. */
  warmUp_s: number;
  perSecond: number;
  /** One in so many requests is a post; the others read a home page. */
  postEvery: number;
}
export interface MixResult {
  /** Latencies in the order of the answers. */
  reads_ms: number[];
  posts_ms: number[];
  /** Answers other than 200, and errors. */
  failed: number;
}

const HOME = '/api/v1/me/tweets?followed=true&limit=20';
const POST = '/api/v1/postTweet';
const BODY = JSON.stringify({ content: 'A tweet from the bench, of the length that tweets mostly have.' });
/** With more requests under way the server has collapsed, and further ones would only measure this process. */
const MAX_UNDER_WAY = 5_000;
const TICK_MS = 1;

const plan = JSON.parse(await text(process.stdin)) as MixPlan;
const { hostname, port } = new URL(plan.url);
const agent = new Agent({ keepAlive: true });
const result: MixResult = { reads_ms: [], posts_ms: [], failed: 0 };
const warmUp = plan.warmUp_s * plan.perSecond;
let underWay = 0;

function send(index: number, due: number): void {
  const posts = index % plan.postEvery === 0;
  const authorization = `Bearer ${plan.tokens[index % plan.tokens.length]}`;
  underWay++;
  const done = (ok: boolean) => {
    underWay--;
    if (index < warmUp) return;
    if (!ok) result.failed++;
    else (posts ? result.posts_ms : result.reads_ms).push(performance.now() - due);
  };
  const sent = request(
    {
      agent,
      hostname,
      port,
      method: posts ? 'POST' : 'GET',
      path: posts ? POST : HOME,
      headers: posts
        ? { authorization, 'content-type': 'application/json', 'content-length': BODY.length }
        : { authorization },
    },
    (answer) => {
      answer.resume();
      answer.on('end', () => done(answer.statusCode === 200));
    },
  );
  sent.on('error', () => done(false));
  sent.end(posts ? BODY : undefined);
}

const started = performance.now();
const total = warmUp + plan.seconds * plan.perSecond;
let next = 0;
await new Promise<void>((resolve) => {
  const tick = setInterval(() => {
    for (; next < total; next++) {
      const due = started + (next * 1_000) / plan.perSecond;
      if (due > performance.now()) break;
      if (underWay < MAX_UNDER_WAY) send(next, due);
      else result.failed++;
    }
    if (next < total || underWay > 0) return;
    clearInterval(tick);
    resolve();
  }, TICK_MS);
});
agent.destroy();
process.stdout.write(JSON.stringify(result));
