/** Reads a user's event stream (server-sent events) as a client does. */
import assert from 'node:assert/strict';

export interface StreamEvent {
  id: string;
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read JSON of many shapes.
  data: any;
}

export interface EventStream {
  /** Everything received so far. */
  events: readonly StreamEvent[];
  /** The id that a client would send as Last-Event-ID now. */
  lastEventId(): string;
  /** Waits for the first event of this type that passes, received already or later. */
  until(type: string, passes?: (data: StreamEvent['data']) => boolean): Promise<StreamEvent>;
  /** The server has ended the stream. */
  ended(): boolean;
  close(): void;
}

const PATIENCE_MS = 15_000;

export async function openEventStream(
  url: string,
  token: string,
  lastEventId?: string,
): Promise<EventStream> {
  const hangUp = new AbortController();
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  if (lastEventId !== undefined) headers['last-event-id'] = lastEventId;
  const response = await fetch(`${url}/api/v1/stream`, { headers, signal: hangUp.signal });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  const events: StreamEvent[] = [];
  let last = '';
  let changed = Promise.withResolvers<void>();

  /** Parses a block of lines between two empty ones. */
  function take(block: string): void {
    const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]));
    last = fields.get('id') ?? last;
    const type = fields.get('event');
    if (type === undefined) return;
    events.push({ id: last, type, data: JSON.parse(fields.get('data') ?? 'null') });
  }

  async function read(): Promise<void> {
    let rest = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) take(block);
      changed.resolve();
      changed = Promise.withResolvers();
    }
  }
  let ended = false;
  read().then(
    () => {
      ended = true;
    },
    () => {},
  );
  // The stream begins with its position in the user's log; from here on nothing is missed.
  await until(() => last !== '', 'the beginning of the stream');

  async function until(done: () => boolean, what: string): Promise<void> {
    const timeout = AbortSignal.timeout(PATIENCE_MS);
    while (!done()) {
      assert.ok(!timeout.aborted, `waited in vain for ${what}; came: ${JSON.stringify(events)}`);
      const short = new Promise((resolve) => setTimeout(resolve, 100));
      await Promise.race([changed.promise, short]);
    }
  }

  return {
    events,
    lastEventId: () => last,
    async until(type, passes = () => true) {
      const found = () => events.find((event) => event.type === type && passes(event.data));
      await until(() => found() !== undefined, `an event ${type}`);
      return found()!;
    },
    ended: () => ended,
    close: () => hangUp.abort(),
  };
}
