/** For suites that run with two handles open on one backend, as two processes would have them. */
import { afterEach, beforeEach } from 'node:test';

interface Opens<Handle> {
  /** Opens one more handle on the same backend, which is empty at first. */
  open(): Promise<Handle>;
}
/** Either its handles are closed one by one before it is removed, or `dispose` does both. */
export type TwoHandlesBackend =
  | (Opens<{ close(): Promise<void> }> & { remove(): Promise<void> })
  | (Opens<unknown> & { dispose(): Promise<void> });

export interface TwoHandles<Backend extends TwoHandlesBackend> {
  backend: Backend;
  one: Awaited<ReturnType<Backend['open']>>;
  two: Awaited<ReturnType<Backend['open']>>;
}

/** Before each test, makes a fresh backend with two handles; after it, closes and removes them. */
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
    const { backend, one, two } = opened as TwoHandles<TwoHandlesBackend>;
    if ('dispose' in backend) return backend.dispose();
    for (const handle of [one, two]) await (handle as { close(): Promise<void> }).close();
    await backend.remove();
  });
}
