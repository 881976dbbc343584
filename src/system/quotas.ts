import { POLICIES, type Policy } from '#http/limits/limits.ts';
import type { Quota } from '#http/limits/quota.ts';
import { ConfigError } from './config-error.ts';

const QUOTA = /^(\w+)=(\d{1,9})\/(\d{1,7})$/;

/** Parses `post=300/3600,read=900/900`: how many requests of a kind in how many seconds. Throws ConfigError. */
export function quotasOf(text: string | undefined): Partial<Record<Policy, Quota>> {
  const quotas: Partial<Record<Policy, Quota>> = {};
  for (const part of (text ?? '').split(',').map((item) => item.trim())) {
    if (part === '') continue;
    const [, name, quota, window_s] = QUOTA.exec(part) ?? [];
    const policy = POLICIES.find((known) => known === name);
    if (policy === undefined || Number(quota) < 1 || Number(window_s) < 1) {
      throw new ConfigError(
        `WARBLE_QUOTAS has "${part}"; give NAME=REQUESTS/SECONDS, such as post=300/3600, where NAME is one of ${POLICIES.join(', ')}.`,
      );
    }
    quotas[policy] = { quota: Number(quota), window_ms: Number(window_s) * 1_000 };
  }
  return quotas;
}
