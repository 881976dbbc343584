/**
 * An anonymous reader, in a process of its own: reads a plan from standard input, requests the top tweets at a fixed
 * pace, and prints how long each answer took from the moment at which the request was due.
 */
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface ProbePlan {
  url: string;
  /** The reader's own address on loopback. */
  address: string;
  seconds: number;
  perSecond: number;
}
export interface ProbeResult {
  answers_ms: number[];
  /** Answers other than 200, and errors. */
  failed: number;
}

const { url, address, seconds, perSecond } = JSON.parse(await text(process.stdin)) as ProbePlan;
const { hostname, port } = new URL(url);
const agent = new Agent({ keepAlive: true });
const result: ProbeResult = { answers_ms: [], failed: 0 };

function ask(due: number): Promise<void> {
  return new Promise((resolve) => {
    const fail = () => {
      result.failed++;
      resolve();
    };
    request({ agent, hostname, port, localAddress: address, path: '/api/v1/tweets?limit=20' }, (answer) => {
      answer.resume();
      answer.on('end', () => {
        if (answer.statusCode !== 200) return fail();
        result.answers_ms.push(performance.now() - due);
        resolve();
      });
    })
      .on('error', fail)
      .end();
  });
}

const started = performance.now();
const asked: Promise<void>[] = [];
for (let i = 0; i < seconds * perSecond; i++) {
  const due = started + (i * 1_000) / perSecond;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
  asked.push(ask(due));
}
await Promise.all(asked);
agent.destroy();
process.stdout.write(JSON.stringify(result));
