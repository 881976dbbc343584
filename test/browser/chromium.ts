/** A real Chromium without a window, told what to do over its DevTools protocol. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Browser {
  /** Loads a page in a viewport of that size. Throws where it cannot be loaded. */
  open(url: string, viewport: { width: number; height: number }): Promise<void>;
  /** What an expression is in the page: JSON. */
  evaluate(expression: string): Promise<unknown>;
  /** A picture of what is shown: PNG. */
  screenshot(): Promise<Buffer>;
  close(): Promise<void>;
}

interface Message {
  id?: number;
  method?: string;
  result?: Record<string, unknown>;
  error?: { message: string };
}

export async function launchChromium(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'warble-chromium-'));
  const child = spawn(
    'chromium',
    // Containers have neither the rights that its sandbox needs nor much shared memory; the pages are our own.
    [
      ...['--headless=new', '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-first-run'],
      ...['--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = once(child, 'close');
  const end = async () => {
    child.kill('SIGKILL');
    await exited;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const { origin } = new URL((await endpointIn(child.stderr)).replace('ws:', 'http:'));
    const pages = (await (await fetch(`${origin}/json`)).json()) as {
      type: string;
      webSocketDebuggerUrl: string;
    }[];
    const page = await connect(pages.find(({ type }) => type === 'page')!.webSocketDebuggerUrl);
    return { ...pageOf(page), close: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Where it says that it listens. */
async function endpointIn(stderr: NodeJS.ReadableStream): Promise<string> {
  let said = '';
  for await (const chunk of stderr) {
    said += chunk;
    const found = /DevTools listening on (ws:\S+)/.exec(said);
    if (found !== null) return found[1]!;
  }
  throw new Error(`Chromium ended before it listened: ${said}`);
}

async function connect(url: string) {
  const socket = new WebSocket(url);
  const waiting = new Map<number, (message: Message) => void>();
  const listeners = new Map<string, () => void>();
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    else if (message.method !== undefined) listeners.get(message.method)?.();
  });
  await once(socket, 'open');
  let last = 0;
  return {
    async send(method: string, params: object = {}): Promise<Record<string, unknown>> {
      const id = ++last;
      const answered = new Promise<Message>((resolve) => waiting.set(id, resolve));
      socket.send(JSON.stringify({ id, method, params }));
      const { result = {}, error } = await answered;
      waiting.delete(id);
      if (error !== undefined) throw new Error(`${method}: ${error.message}`);
      return result;
    },
    /** Resolves at the next event of that name. */
    next: (method: string) => new Promise<void>((resolve) => listeners.set(method, resolve)),
  };
}

function pageOf({ send, next }: Awaited<ReturnType<typeof connect>>) {
  return {
    async open(url: string, viewport: { width: number; height: number }) {
      await send('Page.enable');
      await send('Emulation.setDeviceMetricsOverride', { ...viewport, deviceScaleFactor: 1, mobile: true });
      const loaded = next('Page.loadEventFired');
      const { errorText } = await send('Page.navigate', { url });
      if (errorText !== undefined) throw new Error(`${url}: ${errorText}`);
      await loaded;
    },
    async evaluate(expression: string) {
      const { result, exceptionDetails } = await send('Runtime.evaluate', {
        expression,
        returnByValue: true,
      });
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return (result as { value: unknown }).value;
    },
    async screenshot(): Promise<Buffer> {
      const { data } = await send('Page.captureScreenshot', { format: 'png' });
      return Buffer.from(String(data), 'base64');
    },
  };
}
