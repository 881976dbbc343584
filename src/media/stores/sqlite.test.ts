import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GatewayDb, openGatewayDb } from '#system/gateway-db.ts';
import { describeMediaIndex } from './media-stores.conformance.ts';

describeMediaIndex('on SQLite', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'warble-media-'));
  const opened: GatewayDb[] = [];
  return {
    async open() {
      const gateway = openGatewayDb({ path: join(directory, 'gateway.db') });
      opened.push(gateway);
      return gateway.media;
    },
    async dispose() {
      for (const { db } of opened) await db.close();
      rmSync(directory, { recursive: true });
    },
  };
});
