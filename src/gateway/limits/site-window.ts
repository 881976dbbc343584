/**
 * A window that counts what other sites' pages send apart from what their visitor does: a page could otherwise spend
 * the attempts and sign-ups of everybody who opens it. It counts by key and site, with the same quota, and all sites
 * together have a bound too, since whoever is not a browser may name any site.
 */
import type { Quota } from './limits.ts';
import { createSlidingWindow, type Taken } from './sliding-window.ts';

/** How many times the quota all other sites together have. */
const OTHER_SITES_FACTOR = 4;

export interface SiteWindow {
  /** Counts one for a key, such as an address. `site`: whose page sent it; null: no other site's. */
  take(key: string, site: string | null, now_ms: number): Taken;
  /** Takes back one of those counted last. */
  giveBack(key: string, site: string | null, now_ms: number): void;
}

export function createSiteWindow(quota: Quota, keys: number): SiteWindow {
  const own = createSlidingWindow<string>(quota, keys);
  const bySite = createSlidingWindow<string>(quota, keys);
  const otherSites = createSlidingWindow<string>({ ...quota, quota: quota.quota * OTHER_SITES_FACTOR }, keys);
  return {
    take(key, site, now_ms) {
      if (site === null) return own.take(key, now_ms);
      const taken = bySite.take(`${key} ${site}`, now_ms);
      if (!taken.allowed) return taken;
      const together = otherSites.take(key, now_ms);
      if (!together.allowed) bySite.giveBack(`${key} ${site}`, now_ms);
      return together.remaining < taken.remaining || !together.allowed ? together : taken;
    },
    giveBack(key, site, now_ms) {
      if (site === null) return own.giveBack(key, now_ms);
      bySite.giveBack(`${key} ${site}`, now_ms);
      otherSites.giveBack(key, now_ms);
    },
  };
}
