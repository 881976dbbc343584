import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { createManualClock } from '#platform/clock.ts';
import { createConnections } from './connections.ts';

test('a refused connection is closed before the server prepares anything for it', async () => {
  const served: Socket[] = [];
  const server = createServer((socket) => served.push(socket));
  const connections = createConnections({
    clock: createManualClock(0),
    max: 10,
    maxPerAddress: 1,
    countedFor: (address) => address,
    onRefused() {},
    onMadeRoom() {},
  });
  connections.watch(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const first = connect(port, '127.0.0.1');
    await once(first, 'connect');
    const second = connect(port, '127.0.0.1');
    second.on('error', () => {});
    await once(second.resume(), 'close');
    assert.equal(served.length, 1);
    assert.equal(connections.count(), 1);
    first.destroy();
  } finally {
    for (const socket of served) socket.destroy();
    server.close();
  }
});
