/** The load generator, in a process of its own: reads a plan from standard input and prints the result. */
import { text } from 'node:stream/consumers';
import autocannon from 'autocannon';

export interface LoadPlan {
  url: string;
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
  /** Requests are made for these users in turn. */
  tokens: string[];
  seconds: number;
  /** Requests under way per connection: 1 as with browsers and proxies, more as in many load tests. */
  pipelining: number;
}
export interface LoadResult {
  perSecond: number;
  /** Over all connections. */
  answers: number;
  p50_ms: number;
  p99_ms: number;
  /** Answers other than 2xx, and errors. */
  failed: number;
}

/** Requests under way over all connections. */
const MAX_CONCURRENT = 128;

const { url, method, path, body, tokens, seconds, pipelining } = JSON.parse(
  await text(process.stdin),
) as LoadPlan;
const result = await autocannon({
  url,
  connections: MAX_CONCURRENT / pipelining,
  pipelining,
  duration: seconds,
  requests: tokens.map((token) => ({
    method,
    path,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })),
});
const answer: LoadResult = {
  perSecond: result.requests.total / result.duration,
  answers: result.requests.total,
  p50_ms: result.latency.p50,
  p99_ms: result.latency.p99,
  failed: result.non2xx + result.errors + result.timeouts,
};
process.stdout.write(JSON.stringify(answer));
