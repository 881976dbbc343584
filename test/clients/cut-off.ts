/** A proxy in front of a server that cuts event streams off, and sees with which id clients come back. */
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CutOff {
  url: string;
  /** The Last-Event-ID of each stream that was opened so far; undefined: none. */
  readonly opened: readonly (string | undefined)[];
  /** Ends every stream as a network would, and lets none be opened until `mend` is called. */
  cut(): void;
  mend(): void;
  close(): void;
}

export async function cutOffFrom(target: string): Promise<CutOff> {
  const opened: (string | undefined)[] = [];
  const streams = new Set<ServerResponse>();
  let broken = false;
  const server = createServer((incoming, outgoing) => {
    const isStream = incoming.url === '/api/v1/stream';
    if (isStream && broken) return incoming.destroy();
    if (isStream) {
      opened.push(incoming.headers['last-event-id'] as string | undefined);
      streams.add(outgoing);
    }
    const { method, headers } = incoming;
    const onward = request(new URL(incoming.url!, target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.on('error', () => outgoing.destroy());
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => {
      streams.delete(outgoing);
      onward.destroy();
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    opened,
    cut() {
      broken = true;
      for (const stream of streams) stream.destroy();
    },
    mend() {
      broken = false;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
