/**
 * The best that the disk can do, measured in a process of its own: appends to one file and syncs it at a fixed pace,
 * and does nothing else. Latency counts from the moment at which an append was due. Reads a plan from standard input.
 */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

export interface BareLoopPlan {
  directory: string;
  seconds: number;
  perSecond: number;
  /** Bytes per append. */
  bytes: number;
}
/** The latency of each append (ms), from when it was due to the end of its sync. */
export type BareLoopResult = number[];

const plan = JSON.parse(await text(process.stdin)) as BareLoopPlan;
const path = join(plan.directory, 'bare-loop');
const file = openSync(path, 'w');
const block = Buffer.alloc(plan.bytes, 7);
const took: BareLoopResult = [];
const started = performance.now();
const total = plan.seconds * plan.perSecond;
for (let done = 0; done < total; ) {
  const dueOf = (append: number) => started + (append * 1_000) / plan.perSecond;
  // All appends that are due share a sync, like a group of writes.
  let end = done;
  while (end < total && dueOf(end) <= performance.now()) end++;
  for (let append = done; append < end; append++) writeSync(file, block);
  if (end > done) fdatasyncSync(file);
  for (; done < end; done++) took.push(performance.now() - dueOf(done));
  await sleep(1);
}
closeSync(file);
rmSync(path);
process.stdout.write(JSON.stringify(took));
