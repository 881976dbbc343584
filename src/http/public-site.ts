/** The site that users see: its origin, and whether their connection to it is encrypted. */
import { isIPv4 } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { TrustProxy } from './limits/addresses.ts';

export interface Site {
  /** As browsers write it: `https://warble.example`. */
  origin: string;
  /** Whether users connect by HTTPS. Only if not, cookies are set without Secure and prefix. */
  secure: boolean;
}

export interface PublicSiteDeps {
  /** The configured origin; null: each request's Host and protocol say. */
  publicUrl: string | null;
  /** undefined: no proxy is configured. */
  trustProxy: TrustProxy | undefined;
}

/** Gives each request its `site`, computed when it is first read. */
export function registerPublicSite(app: FastifyInstance, { publicUrl, trustProxy }: PublicSiteDeps): void {
  const fixed = publicUrl === null ? null : { origin: publicUrl, secure: publicUrl.startsWith('https:') };
  app.decorateRequest('site', {
    getter(this: FastifyRequest): Site {
      return fixed ?? siteOf(this, trustProxy);
    },
  });
}

/**
 * Only a request from this machine to itself counts as plain HTTP. A forwarded request never does, whatever Host and
 * protocol it carries: with nginx's defaults both are those of the proxy's connection to this server.
 */
function siteOf(request: FastifyRequest, trustProxy: TrustProxy | undefined): Site {
  const { protocol, hostname, host, socket } = request;
  const proxied = trustProxy?.(socket.remoteAddress ?? '', 0) ?? false;
  const secure = protocol === 'https' || proxied || !isLoopbackName(hostname);
  return { origin: `${secure ? 'https' : 'http'}://${host}`, secure };
}

/** Whether a host name is this machine's own. */
export function isLoopbackName(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (isIPv4(bare) && bare.startsWith('127.'));
}
