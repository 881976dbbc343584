/** A thread that checkpoints databases, one after the other. */
import { parentPort } from 'node:worker_threads';
import { type Checkpointer, openCheckpointer } from './checkpointer.ts';
import type { CheckpointRequest, Reply } from './disk-threads.ts';

const opened = new Map<string, Checkpointer>();
const port = parentPort!;

port.on('message', (request: CheckpointRequest) => port.postMessage(replyTo(request)));

function replyTo({ call, path }: CheckpointRequest): Reply {
  try {
    if (call === 'close' && !opened.has(path)) return { value: true };
    const checkpointer = opened.get(path) ?? openCheckpointer(path);
    opened.set(path, checkpointer);
    if (call === 'close') opened.delete(path);
    return { value: checkpointer[call]() ?? true };
  } catch (error) {
    // Messages carry no more of an error than its text.
    const { message, code, errcode, errstr, syscall } = error as Error & Record<string, never>;
    return { error: { message: `${path}: ${message}`, code, errcode, errstr, syscall } };
  }
}
