/** For suites that a backend passes with two handles open on it, as two processes would. */
import { afterEach, beforeEach } from 'node:test';

export interface TwoHandlesBackend {
  /** Opens one more handle on the same, at first empty, backend. */
  open(): Promise<{ close(): Promise<void> }>;
  remove(): Promise<void>;
}

export interface TwoHandles<Backend extends TwoHandlesBackend> {
  backend: Backend;
  one: Awaited<ReturnType<Backend['open']>>;
  two: Awaited<ReturnType<Backend['open']>>;
}

/** Makes a fresh backend before each test and hands it over with two handles; closes and removes all after it. */
export function eachWithTwoHandles<Backend extends TwoHandlesBackend>(
  create: () => Backend | Promise<Backend>,
  use: (opened: TwoHandles<Backend>) => void,
): void {
  let opened: TwoHandles<Backend>;
  beforeEach(async () => {
    const backend = await create();
    const open = () => backend.open() as Promise<TwoHandles<Backend>['one']>;
    opened = { backend, one: await open(), two: await open() };
    use(opened);
  });
  afterEach(async () => {
    await opened.one.close();
    await opened.two.close();
    await opened.backend.remove();
  });
}
