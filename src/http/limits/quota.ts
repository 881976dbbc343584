/** At most `quota` requests in any `window_ms`. */
export interface Quota {
  quota: number;
  window_ms: number;
}
