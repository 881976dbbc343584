/** A client of HOST that trusts the test's certificate and may say from which address of loopback it comes. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { HOST, type RunningProxy, type Workshop } from './real-proxies.ts';

export interface Asked {
  method?: string;
  headers?: Record<string, string>;
  /** JSON, or bytes with a Content-Type among the headers. */
  body?: unknown;
  /** The client's own address, 127.0.0.2 where it does not matter. */
  from?: string;
}

export interface ApiResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read JSON of many shapes.
  json(): any;
}

export interface HttpsClient {
  ask(path: string, asked?: Asked): Promise<ApiResponse>;
  /** Opens an event stream over HTTP/2, as browsers do; `text()`: all that has come. */
  stream(path: string, headers: Record<string, string>): Promise<{ text(): string; close(): void }>;
}

export function createHttpsClient({ certificate }: Workshop, { port }: RunningProxy): HttpsClient {
  const ca = readFileSync(certificate);
  return {
    async ask(path, { method = 'GET', headers = {}, body, from = '127.0.0.2' } = {}) {
      const bytes = body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body);
      const sent = request({
        host: '127.0.0.1',
        localAddress: from,
        port,
        servername: HOST,
        ca,
        path,
        method,
        agent: false,
        headers: { host: HOST, 'content-type': 'application/json', ...headers },
      });
      sent.end(bytes);
      const [answer] = await once(sent, 'response');
      let text = '';
      for await (const chunk of answer.setEncoding('utf8')) text += chunk;
      return { status: answer.statusCode, headers: answer.headers, text, json: () => JSON.parse(text) };
    },
    async stream(path, headers) {
      const session = connectHttp2(`https://127.0.0.1:${port}`, { ca, servername: HOST });
      const stream = session.request({ ':authority': HOST, ':path': path, ...headers });
      await once(stream, 'response');
      let text = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      return { text: () => text, close: () => session.destroy() };
    },
  };
}
