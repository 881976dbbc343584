/**
 * A window that counts requests from other sites' pages apart from the visitor's own. Otherwise a page could use up
 * the attempts and sign-ups of everyone who opens it. It counts by address and site, with the same quota; all sites
 * together have a bound too, since a client that is no browser may name any site.
 */

import { createAddressWindow } from './networks.ts';
import type { Quota } from './quota.ts';
import type { Taken } from './sliding-window.ts';

/** The bound of all other sites together, in quotas. */
const OTHER_SITES_FACTOR = 4;

export interface SiteWindow {
  /**
   * Counts one for an address. `site`: the other site whose page sent it; null: none. `about`: the rest of the key,
   * such as an account.
   */
  take(address: string, site: string | null, now_ms: number, about?: string): Taken;
  /** Takes back one of those counted last. */
  giveBack(address: string, site: string | null, now_ms: number, about?: string): void;
}

export function createSiteWindow(quota: Quota, keys: number): SiteWindow {
  const own = createAddressWindow(quota, keys);
  const bySite = createAddressWindow(quota, keys);
  const otherSites = createAddressWindow({ ...quota, quota: quota.quota * OTHER_SITES_FACTOR }, keys);
  return {
    take(address, site, now_ms, about = '') {
      if (site === null) return own.take(address, now_ms, about);
      const taken = bySite.take(address, now_ms, `${about} ${site}`);
      if (!taken.allowed) return taken;
      const together = otherSites.take(address, now_ms, about);
      if (!together.allowed) bySite.giveBack(address, now_ms, `${about} ${site}`);
      return together.remaining < taken.remaining || !together.allowed ? together : taken;
    },
    giveBack(address, site, now_ms, about = '') {
      if (site === null) return own.giveBack(address, now_ms, about);
      bySite.giveBack(address, now_ms, `${about} ${site}`);
      otherSites.giveBack(address, now_ms, about);
    },
  };
}
