import type { AuditEntry, AuditLog } from '../../audit.ts';
import type { AccountsData } from './data.ts';

const DETAIL_CHARACTERS = 1_000;

/** Appends an entry; only inside a write. */
export function appendAudit({ audit }: Pick<AccountsData, 'audit'>, entry: AuditEntry): void {
  audit.push({ ...entry, detail: entry.detail.slice(0, DETAIL_CHARACTERS) });
}

export function createMemoryAuditLog(data: AccountsData): AuditLog {
  return {
    record: (entry) => data.commits.write(() => appendAudit(data, entry)),
    list: async ({ before, limit }) =>
      data.audit
        .filter(({ id }) => before === null || id < before)
        .sort((a, b) => b.id - a.id)
        .slice(0, limit)
        .map((entry) => ({ ...entry })),
  };
}
