/** A server that answers each request with the result of a function, behind the proxies that a test wants. */
import fastify, { type FastifyRequest } from 'fastify';
import { type PublicSiteDeps, registerPublicSite } from '../public-site.ts';

export interface Probe {
  method?: string;
  /** The address of the socket's peer. */
  peer: string;
  headers: Record<string, string>;
}

/** Answers each request with what `look` returns for it. */
export function createSiteProbe(
  { publicUrl = null, trustProxy }: Partial<PublicSiteDeps>,
  look: (request: FastifyRequest) => Promise<string>,
): (probe: Probe) => Promise<string> {
  const app = fastify({ trustProxy: trustProxy ?? false });
  registerPublicSite(app, { publicUrl, trustProxy });
  app.all('/', async (request) => await look(request));
  return async ({ method = 'GET', peer, headers }) => {
    const sent = { method: method as 'GET', url: '/', remoteAddress: peer, headers };
    return (await app.inject(sent)).body;
  };
}
