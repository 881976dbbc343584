/**
 * The best that a server of this kind can do, in a process of its own: Fastify, whose reads are answered with a constant
 * body, and whose posts are answered when a block that was appended to one file is synced, beside the event loop. Posts
 * that wait share a sync, like a group of writes. Reads a plan from standard input, prints its address, and ends with
 * standard input.
 */
import { closeSync, fdatasync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import fastify from 'fastify';

export interface BareServerPlan {
  directory: string;
  /** Bytes per append. */
  bytes: number;
  /** Bytes of a read's body. */
  body_bytes: number;
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const plan = JSON.parse((await lines.next()).value as string) as BareServerPlan;
const path = join(plan.directory, 'bare-server');
const file = openSync(path, 'w');
const block = Buffer.alloc(plan.bytes, 7);
const body = Buffer.alloc(plan.body_bytes, 120);
const sync = promisify(fdatasync);

/** The sync that is under way, and the one that begins when it ends. */
let current: Promise<void> | undefined;
let next: Promise<void> | undefined;

/** Resolves when everything appended so far is synced. */
function durable(): Promise<void> {
  if (current === undefined) {
    current = sync(file).finally(() => {
      current = undefined;
    });
    return current;
  }
  next ??= current.then(() => {
    next = undefined;
    return durable();
  });
  return next;
}

const app = fastify();
app.get('/*', (_request, reply) => reply.type('application/json').send(body));
app.post('/*', async () => {
  writeSync(file, block);
  await durable();
  return { tweetId: '1' };
});
console.log(await app.listen({ host: '127.0.0.1', port: 0 }));
await lines.next();
app.server.closeAllConnections();
await app.close();
closeSync(file);
rmSync(path);
