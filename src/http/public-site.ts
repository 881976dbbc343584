/** The site that users reach: under which origin, and whether their connection to it is encrypted. */
import { isIPv4 } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { TrustProxy } from './limits/addresses.ts';

export interface Site {
  /** As browsers name it, `https://warble.example`. */
  origin: string;
  /** Whether users come by HTTPS. Cookies go without Secure and prefix only where this is false. */
  secure: boolean;
}

export interface PublicSiteDeps {
  /** The origin that users use, which then decides; null: each request's Host and protocol do. */
  publicUrl: string | null;
  /** undefined: no proxy is named. */
  trustProxy: TrustProxy | undefined;
}

/** Gives each request its `site`, found out when it is asked for. */
export function registerPublicSite(app: FastifyInstance, { publicUrl, trustProxy }: PublicSiteDeps): void {
  const fixed = publicUrl === null ? null : { origin: publicUrl, secure: publicUrl.startsWith('https:') };
  app.decorateRequest('site', {
    getter(this: FastifyRequest): Site {
      return fixed ?? siteOf(this, trustProxy);
    },
  });
}

/**
 * Only a request of this machine to this machine is plain HTTP. What a proxy hands on never is one, whatever Host and
 * protocol it says: with nginx's defaults both are those of its connection to this server.
 */
function siteOf(request: FastifyRequest, trustProxy: TrustProxy | undefined): Site {
  const { protocol, hostname, host, socket } = request;
  const proxied = trustProxy?.(socket.remoteAddress ?? '', 0) ?? false;
  const secure = protocol === 'https' || proxied || !isLoopbackName(hostname);
  return { origin: `${secure ? 'https' : 'http'}://${host}`, secure };
}

/** Whether a Host or a URL's hostname is this machine's own. */
export function isLoopbackName(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (isIPv4(bare) && bare.startsWith('127.'));
}
