import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMediaUses } from '../media-uses.conformance.ts';
import { openMediaUsesDb } from './uses.ts';

describeMediaUses('on SQLite', () => {
  const directory = mkdtempSync(join(tmpdir(), 'warble-uses-'));
  return {
    open: async () => openMediaUsesDb({ path: join(directory, 'media-uses.db') }),
    remove: async () => rmSync(directory, { recursive: true }),
  };
});
