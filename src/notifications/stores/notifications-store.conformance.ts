/**
 * What every notifications store promises: one suite, run with two handles opened apart on one backend, as two
 * processes would. An adapter calls {@link describeNotificationsStore} with how to make a fresh backend.
 */
import { describe } from 'node:test';
import type { OpenedNotificationsStore } from '../notifications-store.ts';
import type { WithHandles } from '../testing/store-kit.ts';
import { describeFacts } from './facts.conformance.ts';
import { describeNotifications } from './notifications.conformance.ts';

export interface StoreBackend {
  /** Opens one more handle on the same, at first empty, backend. */
  open(): Promise<OpenedNotificationsStore>;
  /** Deletes everything. */
  destroy(): Promise<void>;
}

export function describeNotificationsStore(name: string, create: () => Promise<StoreBackend>): void {
  const withHandles: WithHandles = async (body) => {
    const backend = await create();
    const handles = [await backend.open(), await backend.open()] as const;
    try {
      await body(...handles);
    } finally {
      for (const handle of handles) await handle.close();
      await backend.destroy();
    }
  };
  describe(`notifications store ${name}`, () => {
    describeFacts(withHandles);
    describeNotifications(withHandles);
  });
}
