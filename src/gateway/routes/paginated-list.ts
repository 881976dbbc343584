/** Reads lists of what users did, newest first, whose cursor is the id of a row. */
import type { Snowflake, UserId } from '#domain/ids.ts';
import { openBefore, sealNext } from '#http/cursors.ts';
import { type ListName, scopeOf } from '../cursor-scopes.ts';
import type { ProfileBasicJson } from '../serializers.ts';
import { type RouteDeps, usersOf } from './deps.ts';

export interface ListRequest {
  /** The list and its subject. Cursors are bound to them and to the viewer. */
  list: ListName;
  subject: number;
  viewer: UserId | null;
  query: { cursor?: string; limit: number };
}

/** What is read from a service: rows below the id `before`; null: the newest. */
export interface RowsRequest {
  before: Snowflake | null;
  limit: number;
}

export interface PaginatedList<Row> {
  rows: Row[];
  /** What every list has beside its rows. */
  rest: { users: Record<string, ProfileBasicJson>; nextCursor: string | null };
}

/** Reads the requested page and the users in it. Throws `invalid_cursor`, and what `read` throws. */
export async function readPaginatedList<Row extends { userId: UserId }>(
  deps: Pick<RouteDeps, 'services' | 'serializers' | 'cursors'>,
  { list, subject, viewer, query }: ListRequest,
  read: (request: RowsRequest) => Promise<{ items: Row[]; next: Snowflake | null }>,
): Promise<PaginatedList<Row>> {
  const scope = scopeOf(list, subject, viewer);
  const before = openBefore(deps.cursors, scope, query.cursor);
  const { items, next } = await read({ before, limit: query.limit });
  const users = await usersOf(
    deps,
    viewer,
    items.map((row) => row.userId),
  );
  return { rows: items, rest: { users, nextCursor: sealNext(deps.cursors, scope, next) } };
}

/** The ids of the rows' users, as strings. */
export function idsOf(rows: readonly { userId: UserId }[]): string[] {
  return rows.map(({ userId }) => String(userId));
}
