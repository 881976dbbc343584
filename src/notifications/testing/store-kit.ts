/** What the parts of the notifications store's contract share. */
import type { NotificationsStore } from '../notifications-store.ts';

/** Two handles open on one fresh backend, for as long as the body runs. */
export type WithHandles = (
  body: (one: NotificationsStore, two: NotificationsStore) => Promise<void>,
) => Promise<void>;
